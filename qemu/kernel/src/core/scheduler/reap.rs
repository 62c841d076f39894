//! Threads that die where they stand, and the recipe by which another thread finishes their exit.

use core::{ptr, sync::atomic::Ordering};

use tsd::ExitReport;

use super::{
    control_block::{Cancel, Thread, cleanup_pop, set_cancel},
    dispatch,
    thread_table::Outcome,
};
use crate::core::port;

/// Ends the running thread where it stands, be it in its exit hook: nothing of it ever runs again. For what a kernel
/// does that deletes threads from outside; here each does it to itself. Whoever joins the thread reaps it.
pub(crate) fn die() -> ! {
    let thread = Thread::current().expect("a thread is running");
    // Its handlers would run on another stack than they were written for.
    while cleanup_pop().is_some() {}
    thread.has_died.store(true, Ordering::SeqCst);
    dispatch::end_thread(Outcome::Died, ExitReport::default())
}

/// Finishes the exit of a thread that has died, on the running thread: the recipe for kernels that delete threads.
///
/// 1. The dead thread never runs again: `end_thread` has taken it from its CPU and from every queue.
/// 2. Its control block and its stack are still whole: they are freed after this, by `take_ended`.
/// 3. Meanwhile the port gives the dead thread's block to the library's calls on this thread ([`Thread::seen`]), those
///    of the destructors too. All else of the kernel's goes on to see the thread that runs: destructors may block.
///
/// A handler that interrupts this thread meanwhile has the dead thread's values, too; what it sets, this call destroys.
pub(crate) fn reap(dead: &'static Thread) -> ExitReport {
    let thread = Thread::current().expect("a thread is running");
    // Killed here, the thread would leave the dead one half reaped.
    let cancel = set_cancel(Cancel::Disabled);
    let before = thread.reaps.swap(ptr::from_ref(dead).cast_mut(), Ordering::SeqCst);
    let report = port::reap();
    thread.reaps.store(before, Ordering::SeqCst);
    set_cancel(cancel);
    report
}
