//! The account at the end of a run: a thread exit, after which nothing may be left that is not accounted for.

use tsd::{ExitFlags, ExitReport};

use super::{
    functions, keys,
    ledger::{self, Interrupted},
    name::{self, Name},
    space,
};

/// Ends the stepped thread's part in the key space, and holds this exit and those of the run before it to the ledger.
pub(super) fn settle(earlier: &[ExitReport], interrupted: Interrupted) {
    ledger::begin_exit();
    let report = if interrupted.is_dead() { space::reap() } else { space::exit() };
    assert_eq!(report.left_over, 0, "{report:?}");
    let is_finished = interrupted == Interrupted::DeadExit;
    assert!(is_finished || !report.flags.contains(ExitFlags::INTERRUPTED), "{report:?}");
    let reports = || earlier.iter().chain([&report]);
    let sum = |figure: fn(&ExitReport) -> u32| reports().map(figure).sum::<u32>() as usize;
    let calls = ledger::settle(reports(), is_finished);
    let functions = functions::settle(interrupted);
    // What a dead thread had counted is gone with it.
    if !is_finished {
        assert_eq!(calls, sum(|report| report.calls), "calls of destructors, and what the reports say");
        assert_eq!(functions.ran, sum(|report| report.functions), "functions, and what the reports say");
    }
    if matches!(interrupted, Interrupted::Nothing | Interrupted::Exit) {
        assert_eq!(functions.refused, sum(|report| report.functions_refused), "functions that were refused");
        let is_flagged = |report: &ExitReport| report.flags.contains(ExitFlags::FUNCTIONS_REFUSED);
        assert!(reports().all(|report| is_flagged(report) == (report.functions_refused > 0)), "{report:?}");
    }
    check_as_new();
    begin_and_end_next_thread();
    check_as_new();
}

/// Leaves the slots as those of an earlier thread, for the next run to begin with: a slot that was bound once is
/// another one than a slot that never was.
pub(super) fn warm_up() {
    let run_time = [Name::Key, Name::Other, Name::Last, Name::Created];
    ledger::reset();
    run_time.into_iter().for_each(|name| keys::create(name).expect("a free index"));
    begin_and_end_next_thread();
}

/// Sees that nothing is left in the slots.
fn check_as_new() {
    let slots = space::slots();
    assert!(slots.is_idle() && slots.current_destructor().is_none(), "the slots are not as new");
    for name in Name::ALL {
        assert_eq!(keys::get(name), 0, "{name:?} has a value after the exit");
    }
}

/// Sees that what the next thread with the same slots sets is found by its exit.
fn begin_and_end_next_thread() {
    let live = || Name::ALL.into_iter().filter(|&name| name::is_live(name) && !ledger::is_delete_pending(name));
    let before = ledger::calls_in_all();
    live().for_each(|name| keys::set(name, ledger::fresh()));
    let report = space::exit();
    assert_eq!(ledger::calls_in_all() - before, live().count(), "values of the next thread that were destroyed");
    assert_eq!((report.calls as usize, report.flags), (live().count(), ExitFlags::empty()), "{report:?}");
}
