//! The programs that measure: `measure.c`, linked with each C library in turn.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tsd_bench::build;

/// A running program that measures tsd beside one C library.
pub(crate) struct Machine {
    /// The contenders of each row; none where the library can't be measured.
    pub(crate) rows: Vec<(String, Vec<String>)>,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    child: Child,
}

/// How a program is made: its file name, the compiler, and its options.
const KINDS: [(&str, &str, &[&str]); 3] = [
    ("measure-glibc-shared", "cc", &["-DSHARED"]),
    ("measure-glibc-static", "cc", &["-static"]),
    ("measure-musl", "musl-gcc", &["-static"]),
];

/// Builds and starts all of them.
pub(crate) fn all() -> Vec<Machine> {
    let (archive, prefix) = (build::archive(), build::install());
    let include = format!("-I{}", prefix.join("include").display());
    let files = [build::source("measure.c"), build::source("archive.c"), archive, prefix.join("lib/libtsd.a")];
    let start = |(name, compiler, options): &(&str, &str, &[&str])| {
        Machine::start(&build::program(name, compiler, &[options, &[include.as_str()][..]].concat(), &files))
    };
    KINDS.iter().map(start).collect()
}

impl Machine {
    fn start(program: &Path) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let requests = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut machine = Self { rows: Vec::new(), requests, answers, child };
        machine.ask("list");
        loop {
            let line = machine.answer();
            let mut words = line.split('\t').map(str::to_owned);
            match words.next() {
                Some(name) if !name.is_empty() => machine.rows.push((name, words.collect())),
                _ => return machine,
            }
        }
    }

    /// Nanoseconds a call, for each contender of a row; none where the library can't be measured.
    pub(crate) fn measure(&mut self, row: usize, count: u64) -> Option<Vec<f64>> {
        if self.rows[row].1.is_empty() {
            return None;
        }
        self.ask(&format!("{row} {count}"));
        let costs = self.answer().split('\t').map(|number| number.parse().expect("a number")).collect();
        Some(costs)
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

impl Drop for Machine {
    fn drop(&mut self) {
        // It would end at the end of its input, too; nothing is lost either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
