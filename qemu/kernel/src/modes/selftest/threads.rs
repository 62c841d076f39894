//! Threads of the checks.

use crate::core::scheduler::thread;

/// Creates a thread with the usual options.
pub(super) fn spawn(name: &'static str, entry: fn(usize) -> usize, argument: usize) -> thread::ThreadId {
    thread::spawn(thread::Options::new(name), entry, argument).expect("room for a thread")
}

/// Joins a thread and returns how it ended.
#[track_caller]
pub(super) fn join(id: thread::ThreadId) -> thread::Outcome {
    thread::join(id).expect("nobody else joins it").outcome
}
