//! The cases of the kernel, each with its own result, in as few boots as possible.
//!
//! One boot runs as many cases as its command line can name. A case that takes the kernel down (a panic, a
//! fault, a hang) has the end of the output as its message, and the cases after it run in another boot: each
//! case has a result of its own.
//!
//! A result counts only if the boot's end agrees with it: the last case of a boot answers for the end.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Condvar, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use crate::{
    error::{Error, Result},
    machine::Machine,
    protocol::{Cases, Verdict},
    qemu::{self, End, Limits, Outcome},
};

/// The kernel ends a case that hangs after half this time; here is who ends a kernel that can't.
pub const LIMITS: Limits = Limits { total: Duration::from_secs(900), silence: Duration::from_secs(90) };

/// How many bytes of names a command line carries: the kernel reads at most 1 KiB.
const LINE_BYTES: usize = 900;

/// How many machines that don't end by themselves are waited for.
const MAX_TIMEOUTS: u32 = 2;

/// A kernel on a machine, ready to run cases.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// The image.
    pub kernel: &'a Path,
    /// Its number of processors.
    pub cpus: u32,
}

impl Session<'_> {
    /// Runs the cases called `names` and gives `sink` the verdict of each as soon as it is certain.
    ///
    /// With `all` set, `names` are all that the kernel has, in its order, and need not be listed on its command line.
    ///
    /// # Errors
    /// QEMU can't be started. A boot that goes wrong is the verdict of a case.
    pub fn run(&self, names: &[&str], all: bool, sink: &mut dyn FnMut(&str, Verdict)) -> Result<()> {
        let mut boot = |line: &str, each: &mut dyn FnMut(&str)| {
            qemu::boot(self.machine, self.kernel, line, self.cpus, LIMITS, each)
        };
        run_in_boots(names, all, &mut boot, sink)
    }

    /// Runs what the kernel checks of itself.
    ///
    /// # Errors
    /// A check failed, or the boot went wrong: the check that ran, and the last lines.
    pub fn selftest(&self) -> Result<()> {
        let mut cases = Cases::default();
        let mut each = |line: &str| cases.take(line, &mut |_, _| {});
        let outcome = qemu::boot(self.machine, self.kernel, "selftest", self.cpus, LIMITS, &mut each)?;
        let verdict = match cases.total() {
            Some((1.., 0)) => outcome.verdict(),
            _ => outcome.verdict().and(Err(Error::failure("the kernel did not count its checks"))),
        };
        verdict.map_err(|error| match cases.running() {
            Some(name) => Error::failure(format!("{name}: {error}")),
            None => error,
        })
    }
}

/// The verdicts of a boot's cases, which come one by one, and those who wait for them.
#[derive(Debug, Default)]
pub struct Verdicts {
    is_begun: OnceLock<()>,
    verdicts: Mutex<HashMap<String, Verdict>>,
    is_judged: Condvar,
}

impl Verdicts {
    /// Waits for the verdict on `case`; the first to wait calls `begin` before.
    pub fn await_case(&self, case: &str, begin: impl FnOnce()) -> Verdict {
        self.is_begun.get_or_init(begin);
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.is_judged.wait_while(verdicts, |verdicts| !verdicts.contains_key(case));
        waited.unwrap_or_else(PoisonError::into_inner)[case].clone()
    }

    /// Tells the verdict on a case.
    pub fn judge(&self, case: &str, verdict: Verdict) {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).insert(case.into(), verdict);
        self.is_judged.notify_all();
    }

    /// The boots are over, and these cases have a verdict by now or none.
    pub fn end<'a>(&self, cases: impl IntoIterator<Item = &'a str>, ended: Result<()>) {
        let reason = match ended {
            Ok(()) => "the machine has ended without a verdict".into(),
            Err(error) => error.to_string(),
        };
        for case in cases {
            let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            verdicts.entry(case.into()).or_insert_with(|| Verdict::Failed(reason.clone()));
        }
        self.is_judged.notify_all();
    }
}

/// Boots with a command line, and gives each line of output to a sink.
pub type Boot<'a> = dyn FnMut(&str, &mut dyn FnMut(&str)) -> Result<Outcome> + 'a;

/// Runs the cases called `names`, of which `boot` boots a kernel with the command line that it is given.
///
/// With `all` set, `names` are all that the kernel has, in its order.
///
/// # Errors
/// As `boot`.
pub fn run_in_boots(names: &[&str], all: bool, boot: &mut Boot<'_>, sink: &mut dyn FnMut(&str, Verdict)) -> Result<()> {
    let mut waiting = names.to_vec();
    let mut timeouts = 0;
    while !waiting.is_empty() {
        let line = command_line(names, &waiting, all);
        let mut withheld = LastVerdictWithheld { waiting: &mut waiting, last: None, count: (0, 0), sink };
        let mut cases = Cases::default();
        let outcome = boot(&line, &mut |line| cases.take(line, &mut |name, verdict| withheld.take(&name, verdict)))?;
        cases.finish(&mut |name, verdict| withheld.take(&name, verdict));
        let got_anywhere = withheld.end(&cases, &outcome);

        timeouts += u32::from(!matches!(outcome.end, End::Exited { .. }));
        if !got_anywhere || timeouts >= MAX_TIMEOUTS {
            let reason = format!("not run: {}", how_it_ended(&outcome));
            waiting.drain(..).for_each(|name| sink(name, Verdict::Failed(reason.clone())));
        }
    }
    Ok(())
}

fn how_it_ended(outcome: &Outcome) -> String {
    let last_lines: String = outcome.last_lines().iter().map(|line| format!("\n  | {line}")).collect();
    format!("{}; its last lines:{last_lines}", outcome.end)
}

/// Returns a command line for the cases that wait, or as many of them as fit.
///
/// With `all` set, `names` are the kernel's own list in its order, of which the part after a case has a short form.
fn command_line(names: &[&str], waiting: &[&str], all: bool) -> String {
    if all && names.ends_with(waiting) {
        let done = &names[..names.len() - waiting.len()];
        return done.last().map_or("suite".into(), |last| format!("suite after={last}"));
    }
    let mut line = String::from("suite");
    for name in waiting {
        let word = format!(" case={name}");
        if line.len() + word.len() > LINE_BYTES {
            break;
        }
        line.push_str(&word);
    }
    line
}

/// Passes results on, but keeps the last one back until the boot has ended.
struct LastVerdictWithheld<'a, 'n> {
    waiting: &'a mut Vec<&'n str>,
    last: Option<(&'n str, Verdict)>,
    /// Cases that passed and failed.
    count: (u32, u32),
    sink: &'a mut dyn FnMut(&str, Verdict),
}

impl<'n> LastVerdictWithheld<'_, 'n> {
    fn take(&mut self, name: &str, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.count.0 += 1,
            Verdict::Failed(_) => self.count.1 += 1,
            Verdict::Skipped(_) => {}
        }
        if let Some(name) = self.remove(name) {
            self.release();
            self.last = Some((name, verdict));
        }
    }

    /// Judges the end of the boot. Returns whether any case has a result from it.
    fn end(mut self, cases: &Cases, outcome: &Outcome) -> bool {
        if let Some(running) = cases.running().and_then(|name| self.remove(name)) {
            // It took the kernel down; the case before it has nothing to do with that.
            self.release();
            (self.sink)(running, Verdict::Failed(how_it_ended(outcome)));
            return true;
        }
        let Some((name, verdict)) = self.last.take() else { return false };
        let verdict = match verdict {
            verdict if self.agrees(cases, outcome) => verdict,
            Verdict::Failed(message) => Verdict::Failed(format!("{message}\n{}", how_it_ended(outcome))),
            _ => Verdict::Failed(format!("the case passed, but then: {}", how_it_ended(outcome))),
        };
        (self.sink)(name, verdict);
        true
    }

    /// Whether exit status, final line and the kernel's own count all say what the cases said.
    fn agrees(&self, cases: &Cases, outcome: &Outcome) -> bool {
        let End::Exited { exit: Some(_), said: Some(said) } = outcome.end else { return false };
        let all_passed = self.count.1 == 0;
        cases.total() == Some(self.count) && (said == 0) == all_passed && outcome.is_success() == all_passed
    }

    fn remove(&mut self, name: &str) -> Option<&'n str> {
        let index = self.waiting.iter().position(|known| *known == name)?;
        Some(self.waiting.remove(index))
    }

    fn release(&mut self) {
        if let Some((name, verdict)) = self.last.take() {
            (self.sink)(name, verdict);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs cases on boots whose outputs are given; returns the command lines and the verdicts.
    fn run(names: &[&str], all: bool, outputs: &[(&str, End)]) -> (Vec<String>, Vec<(String, Verdict)>) {
        let (mut lines, mut verdicts) = (Vec::new(), Vec::new());
        let mut outputs = outputs.iter();
        let mut boot = |line: &str, each: &mut dyn FnMut(&str)| {
            lines.push(line.to_owned());
            let (output, end) = outputs.next().expect("no further boot");
            output.lines().for_each(&mut *each);
            let lines = output.lines().map(str::to_owned).collect();
            Ok(Outcome::new(end.clone(), lines, 33))
        };
        run_in_boots(names, all, &mut boot, &mut |name, verdict| verdicts.push((name.to_owned(), verdict))).unwrap();
        assert!(outputs.next().is_none(), "a boot too few");
        (lines, verdicts)
    }

    fn exited(exit: i32, said: u32) -> End {
        End::Exited { exit: Some(exit), said: Some(said) }
    }

    fn is_failed(verdict: &Verdict, text: &str) -> bool {
        matches!(verdict, Verdict::Failed(message) if message.contains(text))
    }

    #[test]
    fn one_boot_runs_all() {
        let output = "test a ... ok\ntest b ... ok\nsuite: 2 passed, 0 failed\ntsd: end: status 0";
        let (lines, verdicts) = run(&["a", "b"], true, &[(output, exited(33, 0))]);
        assert_eq!(lines, ["suite"]);
        assert_eq!(verdicts, [("a".into(), Verdict::Passed), ("b".into(), Verdict::Passed)]);
    }

    #[test]
    fn chosen_cases_are_named() {
        let output = "test b ... ok\nsuite: 1 passed, 0 failed\ntsd: end: status 0";
        let (lines, _) = run(&["b"], false, &[(output, exited(33, 0))]);
        assert_eq!(lines, ["suite case=b"]);
    }

    #[test]
    fn long_command_lines_are_cut_between_names() {
        let names = ["x::".repeat(100), "y::".repeat(100), "z::".repeat(100)];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let line = command_line(&names, &names, false);
        assert!(line.len() <= LINE_BYTES && line.ends_with(names[1]), "{line}");
    }

    #[test]
    fn failure_is_the_cases_own() {
        let output = "test a ... FAILED\n---- a ----\nleft\ntest b ... ok\nsuite: 1 passed, 1 failed";
        let (_, verdicts) = run(&["a", "b"], true, &[(output, exited(35, 1))]);
        assert_eq!(verdicts, [("a".into(), Verdict::Failed("left".into())), ("b".into(), Verdict::Passed)]);
    }

    #[test]
    fn case_that_takes_the_kernel_down_is_blamed_and_the_rest_boots_again() {
        let first = "test a ... ok\ntest b ... tsd: panicked at b.rs\ntsd: thread 1\ntsd: end: status 2";
        let second = "test c ... ok\nsuite: 1 passed, 0 failed\ntsd: end: status 0";
        let (lines, verdicts) = run(&["a", "b", "c"], true, &[(first, exited(5, 2)), (second, exited(33, 0))]);
        assert_eq!(lines, ["suite", "suite after=b"]);
        assert_eq!(verdicts[0].1, Verdict::Passed);
        assert!(is_failed(&verdicts[1].1, "panicked at b.rs") && is_failed(&verdicts[1].1, "thread 1"));
        assert_eq!(verdicts[2].1, Verdict::Passed);
    }

    #[test]
    fn silent_machine_is_blamed_on_the_running_case() {
        let end = End::Silent(LIMITS.silence);
        let (_, verdicts) = run(&["a"], true, &[("test a ... ", end)]);
        assert!(is_failed(&verdicts[0].1, "printed nothing for 90 s"));
    }

    #[test]
    fn bad_end_is_never_a_pass() {
        let good = "test a ... ok\nsuite: 1 passed, 0 failed\ntsd: end: status 0";
        let uncounted = "test a ... ok\ntsd: end: status 0";
        let cases = [
            (good, exited(1, 0)),
            (good, exited(33, 1)),
            (good, End::Exited { exit: Some(33), said: None }),
            (good, End::Exited { exit: None, said: Some(0) }),
            (uncounted, exited(33, 0)),
        ];
        for (output, end) in cases {
            let (_, verdicts) = run(&["a"], true, &[(output, end.clone())]);
            assert!(is_failed(&verdicts[0].1, "but then"), "{end:?}");
        }
        let failed = "test a ... FAILED\nsuite: 0 passed, 1 failed\ntsd: end: status 0";
        let (_, verdicts) = run(&["a"], true, &[(failed, exited(33, 0))]);
        assert!(is_failed(&verdicts[0].1, "final status 0"));
    }

    #[test]
    fn kernel_that_does_not_come_up_is_booted_once() {
        let (lines, verdicts) = run(&["a", "b"], true, &[("tsd: panicked", exited(5, 2))]);
        assert_eq!(lines.len(), 1);
        assert!(verdicts.iter().all(|(_, verdict)| is_failed(verdict, "not run: QEMU exited with status 5")));
    }
}
