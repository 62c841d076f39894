//! A case, its bounds, and the proof that it was explored.
//!
//! Two things keep a case honest. Executions are counted by the case's own closure, which loom calls once for each.
//! And a case names the outcomes that its executions must have among them, exactly: an exploration that misses one,
//! or finds another, fails.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use crate::cases::CASES;

/// One model check.
pub(crate) struct Case {
    /// Its name, `module::case`.
    pub(crate) name: &'static str,
    /// The outcomes of its executions: each is seen, and no other.
    pub(crate) outcomes: &'static [&'static str],
    /// The most preemptions that an execution may have in the quick form, and in the long one; `None` for any number.
    pub(crate) preemptions: [Option<usize>; 2],
    /// The program. It notes its outcome.
    pub(crate) model: fn(&Outcomes),
}

/// The outcomes of the executions of a case.
#[derive(Default)]
pub(crate) struct Outcomes {
    seen: Mutex<BTreeSet<&'static str>>,
    executions: AtomicU64,
}

impl Outcomes {
    /// Notes the outcome of this execution.
    pub(crate) fn note(&self, outcome: &'static str) {
        self.seen.lock().unwrap().insert(outcome);
    }
}

/// Runs the cases that are named, or all, in their long form or with `--quick` in the other. Status 1 if a case fails,
/// 2 for a word that means nothing.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    let (mut names, mut is_quick) = (Vec::new(), false);
    for word in arguments {
        match word.as_str() {
            "--quick" => is_quick = true,
            name if CASES.iter().any(|case| case.name == name) => names.push(name),
            other => {
                eprintln!("tsd-loom: no such case or option: {other}");
                return ExitCode::from(2);
            }
        }
    }
    let cases = CASES.iter().filter(|case| names.is_empty() || names.contains(&case.name));
    let failed = cases.filter(|case| !case.explore(case.preemptions[usize::from(!is_quick)])).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Case {
    /// Runs the case in every interleaving within a bound, and prints one line. False if the outcomes differ from
    /// those expected; an assertion that fails inside the model panics instead.
    fn explore(&self, preemptions: Option<usize>) -> bool {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        let outcomes = Arc::new(Outcomes::default());
        let (in_model, model) = (Arc::clone(&outcomes), self.model);
        builder.check(move || {
            in_model.executions.fetch_add(1, Relaxed);
            model(&in_model);
        });
        let seen: Vec<_> = outcomes.seen.lock().unwrap().iter().copied().collect();
        let expected: Vec<_> = BTreeSet::from_iter(self.outcomes).into_iter().copied().collect();
        let preemptions = preemptions.map_or_else(|| "any".to_owned(), |bound| bound.to_string());
        let executions = outcomes.executions.load(Relaxed);
        println!("{}: preemptions {preemptions}, executions {executions}: {}", self.name, seen.join(", "));
        if seen != expected {
            println!("{}: the outcomes must be: {}", self.name, expected.join(", "));
        }
        seen == expected
    }
}
