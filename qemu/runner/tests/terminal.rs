//! What a person sees: the built command in a pseudo-terminal, and beside it what a pipe gets. They boot the x86_64
//! image.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{Read, Write},
    process::{self, Child, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{self, Command, Pty},
};

/// A short demonstration, and one that does not end before it is interrupted.
const SHORT: [&str; 5] = ["demo", "--arch=x86_64", "--cpus=2", "--requests=300", "--no-install"];
const LONG: [&str; 5] = ["demo", "--arch=x86_64", "--cpus=2", "--requests=1000000", "--no-install"];

/// The first test builds the image.
const PATIENCE: Duration = Duration::from_secs(900);

const CTRL_C: &[u8] = b"\x03";
const SHOW_CURSOR: &str = "\x1b[?25h";
const HIDE_CURSOR: &str = "\x1b[?25l";

/// The command, and the terminal that it was started in.
struct Session {
    child: Child,
    pty: Arc<Pty>,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

impl Session {
    fn start(words: &[&str], variables: &[(&str, &str)]) -> Self {
        let (pty, pts) = blocking::open().unwrap();
        pty.resize(Size::new(24, 100)).unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_tsd")).args(words).env_remove("NO_COLOR").env("TERM", "xterm");
        let child = command.envs(variables.iter().copied()).spawn(pts).unwrap();
        let (pty, seen) = (Arc::new(pty), Arc::new(Mutex::new(Vec::new())));
        let reader = thread::spawn({
            let (pty, seen) = (pty.clone(), seen.clone());
            move || {
                let mut bytes = [0; 4096];
                // Reading fails when the last one has closed the terminal.
                while let Ok(count @ 1..) = (&*pty).read(&mut bytes) {
                    seen.lock().unwrap().extend(&bytes[..count]);
                }
            }
        });
        Self { child, pty, seen, reader }
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// Waits for `text`, and returns the process of QEMU's.
    fn machine_that_showed(&self, text: &str) -> u32 {
        wait_until(|| self.seen().contains(text), || format!("no {text:?} in:\n{}", self.seen()));
        child_of(self.child.id()).unwrap_or_else(|| panic!("no machine runs:\n{}", self.seen()))
    }

    fn type_in(&self, bytes: &[u8]) {
        (&*self.pty).write_all(bytes).unwrap();
    }

    /// Returns how the command has ended, and all that it has written.
    fn end(mut self) -> (ExitStatus, String) {
        let mut status = None;
        wait_until(
            || {
                status = self.child.try_wait().unwrap();
                status.is_some()
            },
            || String::from("the command does not end"),
        );
        self.reader.join().unwrap();
        let seen = String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned();
        (status.unwrap(), seen)
    }
}

fn wait_until(mut condition: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{}", otherwise());
        thread::sleep(Duration::from_millis(50));
    }
}

/// Runs to the end in a terminal.
fn in_terminal(words: &[&str], variables: &[(&str, &str)]) -> (ExitStatus, String) {
    Session::start(words, variables).end()
}

fn with_pipes(words: &[&str]) -> process::Command {
    let mut command = process::Command::new(env!("CARGO_BIN_EXE_tsd"));
    command.args(words).env("TERM", "xterm").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// State and parent of a process.
fn stat(process: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before them may have anything in it.
    let mut words = text.rsplit_once(") ")?.1.split(' ');
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

fn child_of(parent: u32) -> Option<u32> {
    let processes =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_machine = |process: &u32| {
        fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.starts_with("qemu-system"))
    };
    processes.filter(|process| stat(*process).is_some_and(|(_, its)| its == parent)).find(is_machine)
}

/// Waits until a process is gone, or is only waited for.
fn must_end(process: u32) {
    wait_until(|| stat(process).is_none_or(|(state, _)| state == 'Z'), || format!("process {process} still runs"));
}

fn kill(signal: &str, process: u32) {
    let status = process::Command::new("kill").args([signal, &process.to_string()]).status().unwrap();
    assert!(status.success());
}

fn has_log_lines(text: &str) -> bool {
    text.contains("x86_64 | demo: ")
}

fn assert_has_table(text: &str) {
    for row in [["cpus", "2"], ["requests", "300"]] {
        assert!(text.lines().any(|line| line.split_whitespace().eq(row)), "no {row:?} in:\n{text}");
    }
}

#[test]
fn terminal_shows_a_live_line_and_the_table() {
    let (status, seen) = in_terminal(&SHORT, &[]);
    assert_eq!(status.code(), Some(0), "{seen}");
    // Lines that replace each other, with colour, and at last nothing in use.
    let live = seen.rsplit_once("/300 requests, ").unwrap().1;
    assert!(seen.contains("\x1b[2K") && seen.contains("\x1b[36m"), "{seen}");
    assert!(live.contains(" threads, ") && live.contains(" destructors, 0 keys"), "{seen}");
    assert_has_table(&seen);
    assert!(!has_log_lines(&seen), "{seen}");
    assert!(!seen.contains(HIDE_CURSOR), "{seen}");
}

#[test]
fn pipe_gets_the_log_lines_and_the_table() {
    let output = with_pipes(&SHORT).output().unwrap();
    let [text, errors] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{errors}");
    assert!(has_log_lines(&text) && text.contains("x86_64 | tsd: progress: 300 of 300 requests, "), "{text}");
    assert_has_table(&text);
    assert!(!text.contains('\x1b') && !errors.contains('\x1b'), "{text}{errors}");
}

#[test]
fn verbose_shows_the_log_lines_in_a_terminal() {
    let (status, seen) = in_terminal(&[&SHORT[..], &["--verbose"]].concat(), &[]);
    assert_eq!(status.code(), Some(0), "{seen}");
    assert!(has_log_lines(&seen) && seen.contains("qemu-system-x86_64 -M q35"), "{seen}");
    assert!(!seen.contains("/300 requests"), "{seen}");
}

#[test]
fn terminal_is_taken_as_it_is() {
    let (_, seen) = in_terminal(&SHORT, &[("TERM", "dumb")]);
    assert!(has_log_lines(&seen) && !seen.contains('\x1b'), "{seen}");
    let (_, seen) = in_terminal(&SHORT, &[("NO_COLOR", "1")]);
    assert!(seen.contains("/300 requests") && !seen.contains("\x1b[3"), "{seen}");
}

#[test]
fn ctrl_c_ends_the_machine_and_leaves_a_terminal_in_order() {
    let session = Session::start(&LONG, &[]);
    let machine = session.machine_that_showed("/1000000 requests, ");
    session.type_in(CTRL_C);
    let (status, seen) = session.end();
    assert_eq!(status.code(), Some(130), "{seen}");
    // The live line is cleared, and nothing comes after the cursor.
    let (_, last) = seen.rsplit_once("/1000000 requests").unwrap();
    assert!(last.contains("\x1b[2K") && seen.ends_with(SHOW_CURSOR), "{last:?}");
    assert!(!seen.contains("error"), "{seen}");
    must_end(machine);
}

#[test]
fn interrupt_ends_the_machine_without_a_terminal() {
    let mut child = with_pipes(&LONG).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut text = Vec::new();
    let mut bytes = [0; 256];
    while !String::from_utf8_lossy(&text).contains(" of 1000000 requests, ") {
        let count = output.read(&mut bytes).unwrap();
        assert_ne!(count, 0, "{}", String::from_utf8_lossy(&text));
        text.extend(&bytes[..count]);
    }
    let machine = child_of(child.id()).unwrap();
    kill("-INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    must_end(machine);
}

#[test]
fn failure_in_the_middle_prints_the_lines_that_led_to_it() {
    let session = Session::start(&LONG, &[]);
    let machine = session.machine_that_showed("/1000000 requests, ");
    kill("-KILL", machine);
    let (status, seen) = session.end();
    assert_eq!(status.code(), Some(1), "{seen}");
    let (_, report) = seen.rsplit_once("tsd: error: x86_64: QEMU died by a signal").unwrap();
    assert!(report.contains("| demo: 1000000 requests on 2 CPUs"), "{report}");
    assert!(!report.contains("/1000000 requests"), "a live line was drawn after the error: {report}");
    assert!(seen.contains(SHOW_CURSOR), "{seen}");
}
