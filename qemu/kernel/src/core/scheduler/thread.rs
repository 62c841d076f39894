//! Threads as the rest of the kernel sees them: create, join, detach, kill, exit.

use super::{dispatch, locked, thread_table::Entry};
use crate::{core::port::SPACE, machine};

pub(crate) use super::{
    control_block::{ALL_CPUS, Cancel, Error, MAX_THREADS, Thread, ThreadId, ThreadIndex, cleanup_push, set_cancel},
    dispatch::kill,
    exit::{end_faulted, exit, test_cancel},
    join::{detach, join},
    locked::{history, state},
    thread_table::{Ended, Options, Outcome},
};

/// Creates a thread, which starts at once if a CPU is free for it.
pub(crate) fn spawn(options: Options, entry: fn(usize) -> usize, argument: usize) -> Result<ThreadId, Error> {
    dispatch::spawn(&options, Entry::Value(entry), argument, first_entry)
}

/// The same for a function with no result; the thread's is 0.
pub(crate) fn spawn_no_value(options: Options, entry: fn(usize), argument: usize) -> Result<ThreadId, Error> {
    dispatch::spawn(&options, Entry::NoValue(entry), argument, first_entry)
}

/// Where each thread begins: with interrupts masked, and the scheduler's lock from its predecessor.
extern "C" fn first_entry(index: usize) -> ! {
    let (entry, argument, cancel) = locked::begin_thread(index as ThreadIndex);
    machine::interrupts::enable();
    SPACE.attach().expect("the last thread in this control block left it as new");
    set_cancel(cancel);
    match entry {
        Entry::Value(function) => exit(function(argument)),
        Entry::NoValue(function) => {
            function(argument);
            exit(0)
        }
    }
}

/// Returns the name of the running thread.
pub(crate) fn current_id() -> ThreadId {
    let thread = Thread::current().expect("a thread is running");
    locked::id_of(thread.index())
}

/// Lets threads of the same priority run, and is a safe point.
pub(crate) fn yield_now() {
    dispatch::yield_now();
    test_cancel();
}
