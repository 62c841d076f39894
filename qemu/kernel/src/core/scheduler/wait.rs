//! Waiting for a word in memory to change.
//!
//! [`wait`] compares and goes to sleep in one step as seen by [`wake`], both under the scheduler's
//! lock: this is the library's `Port::wait` and `Port::wake`, and joining and sleeping as well.

use core::sync::atomic::{AtomicU32, Ordering};

use super::{control_block::Thread, locked, thread_table::State, wake};

pub(crate) use super::thread_table::Wake;

/// Whether a request to end the thread ends the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancellable {
    Yes,
    No,
}

/// Blocks the running thread while `word` holds `expected`, until [`wake`] or the time `until_ns`.
///
/// An idle thread can't block: for it this returns at once.
pub(crate) fn wait(word: &AtomicU32, expected: u32, until_ns: Option<u64>, cancellable: Cancellable) -> Wake {
    let thread = Thread::current().expect("only a thread can wait");
    let cancellable = cancellable == Cancellable::Yes && thread.accepts_cancel();
    let mut scheduler = locked::lock();
    if word.load(Ordering::SeqCst) != expected || locked::is_idle(thread.index()) {
        return Wake::Changed;
    }
    if cancellable && thread.kill_requested.load(Ordering::SeqCst) {
        return Wake::Killed;
    }
    if let Some(until_ns) = until_ns {
        wake::note_due(until_ns);
    }
    let word = core::ptr::from_ref(word).addr();
    scheduler.block(thread.index(), State::Waiting { word, until_ns, cancellable })
}

/// Wakes all threads that wait for `word`.
pub(crate) fn wake(word: &AtomicU32) {
    locked::lock().wake_word(core::ptr::from_ref(word).addr());
}

/// Wakes those that waited longest for `word`, `most` at most, and returns how many there were.
pub(crate) fn wake_some(word: &AtomicU32, most: usize) -> usize {
    locked::lock().wake_some(core::ptr::from_ref(word).addr(), most)
}
