//! The end of a thread, and the exit hook.
//!
//! A thread is ended by its own call of [`exit`], always on its own stack: when its entry function
//! returns, when it calls `exit`, or at a safe point after someone called `kill`.

use tsd::ExitReport;

use super::{
    control_block::{Cancel, Thread, cleanup_pop, set_cancel},
    dispatch, locked,
    thread_table::{Ended, Outcome},
};
use crate::{
    core::{port, trace},
    machine,
};

/// Ends the running thread: cleanup handlers, the library's exit, then joiners are woken.
pub(crate) fn exit(value: usize) -> ! {
    end(Outcome::Returned(value))
}

fn end(outcome: Outcome) -> ! {
    let thread = Thread::current().expect("a thread is running");
    if outcome == Outcome::Killed {
        trace::note_of(thread.index(), trace::What::Killed);
    }
    // The exit is no place to be killed in.
    set_cancel(Cancel::Disabled);
    while let Some((handler, argument)) = cleanup_pop() {
        handler(argument);
    }
    let report = port::exit();
    if let Some((at_end, argument)) = locked::at_end_of(thread.index()) {
        let history = locked::history(locked::id_of(thread.index())).expect("the running thread has a control block");
        at_end(argument, &Ended { outcome, report: report.clone(), history });
    }
    dispatch::end_thread(outcome, report)
}

/// Ends the running thread because of a fault, from the CPU's fault stack: nothing of the thread's own
/// can be relied on, so neither handlers nor destructors run.
pub(crate) fn end_faulted(address: Option<usize>) -> ! {
    Thread::current().expect("a thread faulted").forget();
    dispatch::end_thread(Outcome::Faulted(address), ExitReport::default())
}

/// A safe point: ends the running thread if someone asked for it.
pub(crate) fn test_cancel() {
    if Thread::current().is_some_and(|thread| thread.is_wanted_dead() && thread.accepts_cancel()) {
        end(Outcome::Killed)
    }
}

/// The safe point after an interrupt, on the interrupted thread's stack, with interrupts masked.
pub(crate) fn test_cancel_after_interrupt() {
    if Thread::current().is_some_and(|thread| thread.is_wanted_dead() && thread.accepts_cancel_anywhere()) {
        machine::interrupts::enable();
        end(Outcome::Killed)
    }
}
