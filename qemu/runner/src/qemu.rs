//! One boot: QEMU started, its output line by line as it comes, its end judged.
//!
//! A boot is a success only if two independent witnesses say so: QEMU's exit status and the kernel's final
//! line. A machine that stays silent, or takes too long altogether, is ended.

use std::{
    fmt,
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use crate::{
    command,
    error::{Error, Result},
    machine::{Arch, Machine},
    packages::major_minor,
    protocol::{self, Line},
    tools::Tool,
};

/// The oldest QEMU that the images are known to run on.
const MINIMUM_VERSION: (u32, u32) = (7, 2);

/// How long a machine may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From start to end.
    pub total: Duration,
    /// Without any output.
    pub silence: Duration,
}

/// How a boot ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself: QEMU's exit status, if it was not killed by a signal, and the status in the final line.
    Exited {
        /// QEMU's exit status.
        exit: Option<i32>,
        /// What the kernel said.
        said: Option<u32>,
    },
    /// It was ended after this time without output.
    Silent(Duration),
    /// It was ended after this time.
    Overdue(Duration),
}

/// What is left of a boot.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Everything that was printed.
    pub lines: Vec<String>,
    success: i32,
}

/// How many of the last lines are shown when a boot went wrong.
const LAST_LINES: usize = 60;

impl Outcome {
    /// Puts an outcome together; `success` is the exit status that stands for it.
    pub(crate) fn new(end: End, lines: Vec<String>, success: i32) -> Self {
        Self { end, lines, success }
    }

    /// Returns whether exit status and final line both say success.
    pub fn is_success(&self) -> bool {
        self.end == End::Exited { exit: Some(self.success), said: Some(0) }
    }

    /// Returns the last lines of the output.
    pub fn last_lines(&self) -> &[String] {
        &self.lines[self.lines.len().saturating_sub(LAST_LINES)..]
    }

    /// Returns an error that says how the boot ended, with the last lines, unless it is a success.
    ///
    /// # Errors
    /// The boot was no success.
    pub fn verdict(&self) -> Result<()> {
        if self.is_success() {
            return Ok(());
        }
        let last = self.last_lines().iter().map(|line| format!("| {line}"));
        Err(Error::failure(format!("{}; its last lines:", self.end)).with_details(last))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(limit) => write!(f, "the machine printed nothing for {} s and was ended", limit.as_secs()),
            Self::Overdue(limit) => write!(f, "the machine was not done after {} s and was ended", limit.as_secs()),
            Self::Exited { exit, said } => {
                let exit = exit.map_or("died by a signal".into(), |status| format!("exited with status {status}"));
                let said = said.map_or("no final line".into(), |status| format!("final status {status}"));
                write!(f, "QEMU {exit}, the kernel left {said}")
            }
        }
    }
}

/// Boots `kernel` on `machine` with `line` as its command line and gives each line of output to `sink`.
///
/// # Errors
/// QEMU can't be started. How the boot went is in the outcome.
pub fn boot(
    machine: &Machine,
    kernel: &Path,
    line: &str,
    cpus: u32,
    limits: Limits,
    sink: &mut dyn FnMut(&str),
) -> Result<Outcome> {
    run(machine, &mut machine.command(kernel, line, cpus), limits, sink)
}

/// The same with a command of [`Machine::command`] that was added to.
///
/// # Errors
/// As [`boot`].
pub fn run(machine: &Machine, command: &mut Command, limits: Limits, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
    run_for(command, machine.success, limits, sink)
}

/// Runs a command of QEMU's for any machine, whose kernel ends it with the status `success` when all is well.
///
/// # Errors
/// As [`boot`].
pub fn run_for(command: &mut Command, success: i32, limits: Limits, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
    command::echo(command);
    let (end, lines) = watch(&mut command::bound(command), limits, sink)?;
    Ok(Outcome::new(end, lines, success))
}

/// Fails unless the QEMU for `arch` is recent enough.
///
/// # Errors
/// It is missing or too old.
pub fn check_version(arch: Arch) -> Result<()> {
    check_tool(arch.qemu())
}

/// Fails unless this QEMU is recent enough.
///
/// # Errors
/// It is missing or too old.
pub fn check_tool(qemu: &Tool) -> Result<()> {
    let program = qemu.command;
    let text = command::answer(command::of(program).arg("--version"))
        .ok_or_else(|| Error::unavailable(format!("{program} does not run")))?;
    match version(&text) {
        Some(found) if found >= MINIMUM_VERSION => Ok(()),
        Some((major, minor)) => {
            let (old, oldest) = MINIMUM_VERSION;
            Err(Error::unavailable(format!("{program} is version {major}.{minor}, too old: {old}.{oldest} is needed")))
        }
        None => Err(Error::unavailable(format!("{program} does not say its version"))),
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    major_minor(text.split_once("version ")?.1)
}

/// Ends the process when it is dropped, so that no path out of here leaves a machine running.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs `command`, within limits, and gives each line of its output to `sink`.
pub(crate) fn watch(command: &mut Command, limits: Limits, sink: &mut dyn FnMut(&str)) -> Result<(End, Vec<String>)> {
    let program = command.get_program().to_string_lossy().into_owned();
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = Guard(spawned.map_err(|error| Error::failure(format!("{program} can't be started: {error}")))?);
    let (sender, chunks) = mpsc::channel();
    forward(child.0.stdout.take(), sender.clone());
    forward(child.0.stderr.take(), sender);

    let started = Instant::now();
    let mut output = Output { sink, lines: Vec::new(), partial: Vec::new() };
    let forced = loop {
        let left = limits.total.saturating_sub(started.elapsed());
        if left.is_zero() {
            break Some(End::Overdue(limits.total));
        }
        match chunks.recv_timeout(left.min(limits.silence)) {
            Ok(bytes) => output.push(&bytes),
            Err(RecvTimeoutError::Disconnected) => break None,
            Err(RecvTimeoutError::Timeout) if left < limits.silence => {}
            Err(RecvTimeoutError::Timeout) => break Some(End::Silent(limits.silence)),
        }
    };
    output.flush();
    let lines = output.lines;
    let end = match forced {
        Some(end) => end,
        None => {
            let status = child.0.wait().map_err(|error| Error::failure(format!("{program} is lost: {error}")))?;
            exited(status, &lines)
        }
    };
    Ok((end, lines))
}

fn exited(status: ExitStatus, lines: &[String]) -> End {
    let said = lines.iter().rev().find_map(|line| match protocol::read(line) {
        Line::End(status) => Some(status),
        _ => None,
    });
    End::Exited { exit: status.code(), said }
}

fn forward(stream: Option<impl Read + Send + 'static>, sender: Sender<Vec<u8>>) {
    let Some(mut stream) = stream else { return };
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        // The stream ends with the process; the receiver goes away only when nobody listens any more.
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
}

/// Cuts the stream into lines.
struct Output<'a> {
    sink: &'a mut dyn FnMut(&str),
    lines: Vec<String>,
    partial: Vec<u8>,
}

impl Output<'_> {
    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                // The kernel may end a line as terminals want it.
                b'\r' => {}
                _ => self.partial.push(byte),
            }
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).into_owned();
        (self.sink)(&line);
        self.lines.push(line);
    }

    /// The last line may be cut off: it tells where a machine hung.
    fn flush(&mut self) {
        if !self.partial.is_empty() {
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limits: Limits) -> (End, Vec<String>) {
        let mut seen = Vec::new();
        let result = watch(Command::new("sh").args(["-c", script]), limits, &mut |line| seen.push(line.to_owned()));
        let (end, lines) = result.unwrap();
        assert_eq!(seen, lines);
        (end, lines)
    }

    const LONG: Limits = Limits { total: Duration::from_secs(20), silence: Duration::from_secs(10) };

    fn outcome(script: &str, success: i32) -> Outcome {
        let (end, lines) = shell(script, LONG);
        Outcome::new(end, lines, success)
    }

    #[test]
    fn success_takes_both_witnesses() {
        assert!(outcome("echo 'tsd: end: status 0'; exit 33", 33).is_success());
        assert!(!outcome("echo 'tsd: end: status 0'; exit 0", 33).is_success());
        assert!(!outcome("echo 'tsd: end: status 1'; exit 33", 33).is_success());
        assert!(!outcome("echo 'all is well'; exit 33", 33).is_success());
        assert!(!outcome("echo 'tsd: end: status 0'; kill -9 $$", 33).is_success());
    }

    #[test]
    fn verdict_names_both_and_ends_with_the_last_lines() {
        let error = outcome("echo one; echo 'tsd: end: status 3'; exit 7", 33).verdict().unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("QEMU exited with status 7, the kernel left final status 3"), "{text}");
        assert!(text.ends_with("| one\n  | tsd: end: status 3"), "{text}");
    }

    #[test]
    fn silent_machine_is_ended_with_its_unfinished_line() {
        let limits = Limits { total: Duration::from_secs(20), silence: Duration::from_millis(300) };
        let started = Instant::now();
        let (end, lines) = shell("printf 'test a::b ... '; exec sleep 60", limits);
        assert_eq!(end, End::Silent(limits.silence));
        assert_eq!(lines, ["test a::b ... "]);
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn machine_that_talks_for_ever_is_ended() {
        let limits = Limits { total: Duration::from_millis(400), silence: Duration::from_secs(10) };
        let (end, lines) = shell("while :; do echo again; sleep 0.05; done", limits);
        assert_eq!(end, End::Overdue(limits.total));
        assert!(!lines.is_empty());
    }

    #[test]
    fn carriage_returns_and_errors_are_taken() {
        let (_, lines) = shell(r"printf 'a\r\nb\377\n'; echo c >&2", LONG);
        assert!(lines.contains(&"a".into()) && lines.contains(&"b\u{fffd}".into()) && lines.contains(&"c".into()));
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"), Some((7, 2)));
        assert_eq!(version("QEMU emulator version 10.0.2"), Some((10, 0)));
        assert_eq!(version("nothing"), None);
    }
}
