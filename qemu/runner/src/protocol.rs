//! The lines that the kernel prints: one at a time, and folded into the results of cases.
//!
//! A case is announced by `test NAME ... ` or `selftest NAME ... `; `ok`, `FAILED` or `skipped: REASON` ends it on the
//! same line, or at the start of a later one when the case printed something in between. What a case prints is its
//! message.

use crate::{
    output::say,
    progress::{self, Progress},
    status::Status,
};

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A case began; the text is what else is on the line.
    Case(&'a str, &'a str),
    /// The message of this case follows.
    Message(&'a str),
    /// How many cases passed and failed.
    Total(u32, u32),
    /// A figure of the demonstration, of a storm, of FreeRTOS or of the microbit: name and value.
    Figure(&'a str, &'a str),
    /// How much is done, of how much, and of what.
    Progress(u64, u64, &'a str),
    /// How a program ended.
    Program(Status),
    /// The final line, with the status.
    End(u32),
    /// Anything else.
    Text(&'a str),
}

/// What begins a line with a figure.
const FIGURES: [&str; 5] = ["tsd: c_kernel: ", "tsd: demo: ", "tsd: storm: ", "tsd: freertos: ", "tsd: microbit: "];

/// Reads one line.
pub fn read(line: &str) -> Line<'_> {
    special(line.trim_end()).unwrap_or(Line::Text(line))
}

fn special(line: &str) -> Option<Line<'_>> {
    if let Some(status) = line.strip_prefix("tsd: end: status ") {
        return status.parse().ok().map(Line::End);
    }
    if let Some(status) = line.strip_prefix("tsd: program: exit ") {
        return status.parse().ok().map(|status| Line::Program(Status::Own(status)));
    }
    if let Some(number) = line.strip_prefix("tsd: program: signal ") {
        return number.parse().ok().map(|number| Line::Program(Status::Signal(number)));
    }
    if let Some(figure) = FIGURES.iter().find_map(|prefix| line.strip_prefix(prefix)) {
        return figure.split_once(' ').map(|(name, value)| Line::Figure(name, value.trim()));
    }
    if let Some(progress) = line.strip_prefix("tsd: progress: ") {
        let (done, rest) = progress.split_once(" of ")?;
        let (total, what) = rest.split_once(' ')?;
        return Some(Line::Progress(done.parse().ok()?, total.parse().ok()?, what));
    }
    if let Some(name) = line.strip_prefix("---- ") {
        return name.strip_suffix(" ----").map(Line::Message);
    }
    if let Some(total) = line.strip_prefix("suite: ").or_else(|| line.strip_prefix("selftest: ")) {
        let mut counts = total.split(", ");
        let mut count = |word| counts.next()?.strip_suffix(word)?.parse().ok();
        return Some(Line::Total(count(" passed")?, count(" failed")?));
    }
    let case = line.strip_prefix("test ").or_else(|| line.strip_prefix("selftest "))?;
    // The announcement may have lost the blank that it ended with.
    let (name, rest) = case.split_once(" ...")?;
    (!name.contains(' ')).then_some(Line::Case(name, rest.trim_start()))
}

/// The figures among these lines.
pub fn figures(lines: &[String]) -> impl Iterator<Item = (&str, &str)> {
    lines.iter().filter_map(|line| match read(line) {
        Line::Figure(name, value) => Some((name, value)),
        _ => None,
    })
}

/// Prints a line of this machine as it comes; but figures wait for the table. Where lines live, only `progress` moves.
pub fn show(machine: &str, line: &str, progress: &Progress) {
    match read(line) {
        Line::Figure(..) => {}
        Line::Progress(done, total, what) if progress::is_live() => progress.set(done, total, what),
        _ if progress::is_live() => {}
        _ => say!("{machine:>11} | {line}"),
    }
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should.
    Passed,
    /// Otherwise, with what it printed.
    Failed(String),
    /// It was not run, for this reason.
    Skipped(String),
}

/// The cases of one boot, line by line.
#[derive(Debug, Default)]
pub struct Cases {
    running: Option<String>,
    message: Vec<String>,
    /// A case that has failed and whose message may still be coming.
    failed: Option<String>,
    total: Option<(u32, u32)>,
}

impl Cases {
    /// Takes the next line, and gives `sink` each case whose result is certain with it.
    pub fn take(&mut self, line: &str, sink: &mut dyn FnMut(String, Verdict)) {
        match read(line) {
            Line::Case(name, rest) => {
                self.end_failed(sink);
                if self.running.as_deref() != Some(name) {
                    self.message.clear();
                }
                self.running = Some(name.into());
                self.take_text(rest, sink);
            }
            Line::Message(_) | Line::Progress(..) => {}
            Line::Total(passed, failed) => {
                self.end_failed(sink);
                self.total = Some((passed, failed));
            }
            Line::Figure(..) | Line::Program(_) | Line::End(_) => self.end_failed(sink),
            Line::Text(text) => self.take_text(text, sink),
        }
    }

    /// Ends the boot: what was still waiting for its message has it now.
    pub fn finish(&mut self, sink: &mut dyn FnMut(String, Verdict)) {
        self.end_failed(sink);
    }

    /// Returns the case that was announced and has no result.
    pub fn running(&self) -> Option<&str> {
        self.running.as_deref()
    }

    /// Returns what the kernel counted itself: passed and failed.
    pub fn total(&self) -> Option<(u32, u32)> {
        self.total
    }

    fn take_text(&mut self, text: &str, sink: &mut dyn FnMut(String, Verdict)) {
        match (self.running.take(), text) {
            (Some(name), "ok") => sink(name, Verdict::Passed),
            // The message may come before or after this word.
            (Some(name), "FAILED") => self.failed = Some(name),
            (Some(name), text) if text.starts_with("skipped: ") => {
                sink(name, Verdict::Skipped(text["skipped: ".len()..].into()));
            }
            (running, text) => {
                self.running = running;
                if !text.is_empty() {
                    self.message.push(text.into());
                }
            }
        }
    }

    fn end_failed(&mut self, sink: &mut dyn FnMut(String, Verdict)) {
        if let Some(name) = self.failed.take() {
            sink(name, Verdict::Failed(std::mem::take(&mut self.message).join("\n")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(read("tsd: end: status 3"), Line::End(3));
        assert_eq!(read("tsd: end: status"), Line::Text("tsd: end: status"));
        assert_eq!(read("tsd: end: status x"), Line::Text("tsd: end: status x"));
        assert_eq!(read("tsd: program: exit 3"), Line::Program(Status::Own(3)));
        assert_eq!(read("tsd: program: signal 11"), Line::Program(Status::Signal(11)));
        assert_eq!(read("tsd: program: exit 256"), Line::Text("tsd: program: exit 256"));
        assert_eq!(read("test keys::zero_key ... ok"), Line::Case("keys::zero_key", "ok"));
        assert_eq!(read("test keys::zero_key ... "), Line::Case("keys::zero_key", ""));
        assert_eq!(read("selftest run::a ... skipped: needs 2 CPUs"), Line::Case("run::a", "skipped: needs 2 CPUs"));
        assert_eq!(read("test of something ... "), Line::Text("test of something ... "));
        assert_eq!(read("---- exit::a ----"), Line::Message("exit::a"));
        assert_eq!(read("suite: 3 passed, 1 failed"), Line::Total(3, 1));
        assert_eq!(read("selftest: 3 passed, 0 failed, 2 skipped"), Line::Total(3, 0));
        assert_eq!(read("suite: many passed"), Line::Text("suite: many passed"));
        assert_eq!(read("tsd: demo: keys_in_use 0"), Line::Figure("keys_in_use", "0"));
        assert_eq!(read("tsd: storm: re-sets 17"), Line::Figure("re-sets", "17"));
        assert_eq!(read("tsd: progress: 3 of 10 s, 7 threads"), Line::Progress(3, 10, "s, 7 threads"));
        assert_eq!(read("tsd: progress: 3 of all s"), Line::Text("tsd: progress: 3 of all s"));
        assert_eq!(read("tsd: kernel: 4 CPUs"), Line::Text("tsd: kernel: 4 CPUs"));
    }

    fn fold(output: &str) -> (Vec<(String, Verdict)>, Cases) {
        let (mut cases, mut results) = (Cases::default(), Vec::new());
        let mut sink = |name, verdict| results.push((name, verdict));
        output.lines().for_each(|line| cases.take(line, &mut sink));
        cases.finish(&mut sink);
        (results, cases)
    }

    fn passed(name: &str) -> (String, Verdict) {
        (name.into(), Verdict::Passed)
    }

    fn failed(name: &str, message: &str) -> (String, Verdict) {
        (name.into(), Verdict::Failed(message.into()))
    }

    #[test]
    fn message_is_taken_before_and_after_the_result() {
        let before = "test a ... ok\ntest b ... \n---- b ----\nleft\nright\ntest b ... FAILED\ntest c ... ok";
        let (results, _) = fold(before);
        assert_eq!(results[0], passed("a"));
        assert_eq!(results[2], passed("c"));
        let after = "test b ... FAILED\n---- b ----\nleft\nright\nsuite: 0 passed, 1 failed";
        let (results, cases) = fold(after);
        assert_eq!(results, [failed("b", "left\nright")]);
        assert_eq!(cases.total(), Some((0, 1)));
    }

    #[test]
    fn repeated_announcement_keeps_the_message() {
        let (results, _) = fold("test b ... \n---- b ----\nleft\ntest b ... FAILED");
        assert_eq!(results, [failed("b", "left")]);
    }

    #[test]
    fn result_may_follow_what_the_case_printed() {
        let (results, cases) = fold("selftest a ... tsd: fault: expected\nok\nselftest b ... skipped: needs 2 CPUs");
        assert_eq!(results, [passed("a"), ("b".into(), Verdict::Skipped("needs 2 CPUs".into()))]);
        assert_eq!(cases.running(), None);
    }

    #[test]
    fn case_without_a_result_is_the_running_one() {
        let (results, cases) = fold("test a ... ok\ntest b ... tsd: panicked\ntsd: end: status 2");
        assert_eq!(results, [passed("a")]);
        assert_eq!(cases.running(), Some("b"));
    }

    #[test]
    fn failure_at_the_very_end_is_not_lost() {
        let (results, _) = fold("test b ... FAILED\n---- b ----\nleft");
        assert_eq!(results, [failed("b", "left")]);
    }

    #[test]
    fn ok_without_a_case_is_nobodys() {
        assert!(fold("ok\nFAILED\nskipped: no").0.is_empty());
    }
}
