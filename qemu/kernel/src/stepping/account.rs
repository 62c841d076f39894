//! The account at the end of a run: a thread exit, behind which nothing may be left that is not accounted for.

use tsd::ExitReport;

use super::{
    functions,
    keys::{self, Name},
    ledger,
};
use crate::{port, thread::Thread};

/// What was under way when the account was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupted {
    Nothing,
    /// A call, which the thread does not live to end.
    Call,
    /// Nothing; the call was an exit.
    Exit,
}

/// Ends the running thread's part in the key space, and holds this exit and those of the run before it to the ledger.
pub(super) fn settle(earlier: &[ExitReport], interrupted: Interrupted) {
    ledger::begin_exit();
    let report = port::exit();
    assert_eq!(report.left_over, 0, "{report:?}");
    let sum = |figure: fn(&ExitReport) -> u32| earlier.iter().chain([&report]).map(figure).sum::<u32>() as usize;
    let calls = ledger::settle(sum(|report| report.left_over));
    assert_eq!(calls, sum(|report| report.calls), "calls of destructors, and what the reports say");
    let functions = functions::settle(interrupted);
    assert_eq!(functions, sum(|report| report.functions), "functions, and what the reports say");
    for &key in earlier.iter().flat_map(|report| report.left_over_keys.iter()) {
        let name = Name::ALL.into_iter().find(|&name| keys::handle(name) == key);
        assert!(name.is_some_and(ledger::has_undestroyed), "{key:?} is reported as left over");
    }
    let slots = &Thread::current().expect("a thread runs").slots;
    assert!(slots.is_idle() && slots.running_destructor().is_none(), "the slots are not as new");
    for name in Name::ALL {
        assert_eq!(keys::get(name), 0, "{name:?} has a value after the exit");
    }
}
