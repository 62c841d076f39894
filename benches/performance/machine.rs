//! The programs that measure: `measure.c`, linked with each C library in turn.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tsd_bench::build::{self, Installed};

/// The order in which the machines are started.
pub(crate) const SHARED: usize = 0;
pub(crate) const STATIC: usize = 1;
pub(crate) const MUSL: usize = 2;

/// A program that measures tsd beside one C library. It runs several times, and each request goes to the next of them:
/// where stack and heap happen to lie is part of what a call costs.
pub(crate) struct Machine {
    /// The contenders of each row; none where the library can't be measured.
    pub(crate) rows: Vec<(String, Vec<String>)>,
    processes: [Process; PROCESSES],
    turn: usize,
}

const PROCESSES: usize = 8;

/// One that runs.
struct Process {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    child: Child,
}

/// How a program is made: its name, the compiler, its options, and whether other crates can be in it, which know one C
/// library.
const KINDS: [(&str, &str, &[&str], bool); 3] = [
    ("measure-glibc-shared", "cc", &["-DSHARED", "-DPEERS", "-Wl,--no-as-needed", "-lgcc_s"], true),
    ("measure-glibc-static", "cc", &["-static"], false),
    ("measure-musl", "musl-gcc", &["-static"], false),
];

/// The thread pointer of `archive.c`, where programs have a register for it.
const THREAD_POINTER: Option<&str> = if cfg!(target_arch = "x86_64") { Some("gs:0:8") } else { None };

/// Builds and starts all of them.
pub(crate) fn all() -> Vec<Machine> {
    let (measured, with_peers) = (build::archive(), build::archive_with_peers());
    let hook = Installed::new("hook", None, 16);
    let by_pointer = THREAD_POINTER.map(|pointer| Installed::new("thread-pointer", Some(pointer), 15));
    let start = |&(name, compiler, options, has_peers): &(&str, &str, &[&str], bool)| {
        let mut files = vec![build::source("measure.c"), build::source("threads.c")];
        let mut options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let archives =
            [Some((&hook, "hook.c", "HOOK_SUFFIX")), by_pointer.as_ref().map(|it| (it, "archive.c", "ARCHIVE_SUFFIX"))];
        for (installed, source, suffix) in archives.into_iter().flatten() {
            files.push(build::object(&format!("{name}-{source}"), compiler, &[&installed.include()], source));
            files.push(installed.archive());
            options.push(installed.suffix(suffix));
        }
        files.push(if has_peers { with_peers.clone() } else { measured.clone() });
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Machine::start(&build::program(name, compiler, &options, &files))
    };
    KINDS.iter().map(start).collect()
}

impl Machine {
    fn start(program: &Path) -> Self {
        let mut processes = [(); PROCESSES].map(|()| Process::start(program));
        let rows = processes[0].rows();
        Self { rows, processes, turn: 0 }
    }

    /// Nanoseconds a call, for each contender of a row; none where the library can't be measured.
    pub(crate) fn measure(&mut self, row: usize, count: u64) -> Option<Vec<f64>> {
        if self.rows[row].1.is_empty() {
            return None;
        }
        self.turn = (self.turn + 1) % PROCESSES;
        let process = &mut self.processes[self.turn];
        process.ask(&format!("{row} {count}"));
        Some(process.answer().split('\t').map(|number| number.parse().expect("a number")).collect())
    }
}

impl Process {
    fn start(program: &Path) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let requests = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { requests, answers, child }
    }

    fn rows(&mut self) -> Vec<(String, Vec<String>)> {
        let mut rows = Vec::new();
        self.ask("list");
        loop {
            let line = self.answer();
            let mut words = line.split('\t').map(str::to_owned);
            match words.next() {
                Some(name) if !name.is_empty() => rows.push((name, words.collect())),
                _ => return rows,
            }
        }
    }

    fn ask(&mut self, request: &str) {
        writeln!(self.requests, "{request}").expect("the program reads");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let length = self.answers.read_line(&mut line).expect("the program writes");
        assert!(length > 0, "the program has ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It would end at the end of its input, too; nothing is lost either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
