//! Waiting for a word in memory to change, and what is built on it.
//!
//! [`wait`] compares and goes to sleep in one step as seen by [`wake`], both under the scheduler's
//! lock: this is the library's `Port::wait` and `Port::wake`, and joining and sleeping as well.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::core::{
    clock,
    scheduler::{
        dispatch::{self, Scheduler},
        thread::{self, Thread, ThreadIndex},
        thread_table::State,
    },
};

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Someone called [`wake`].
    Woken,
    /// The word did not hold the value.
    Changed,
    /// The time was up.
    TimedOut,
    /// Someone wants the thread to end.
    Killed,
}

/// Whether a request to end the thread ends the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancellable {
    Yes,
    No,
}

/// The earliest time that any thread waits for, or an earlier one; to be read without the lock.
static NEXT_WAKE_NS: AtomicU64 = AtomicU64::new(u64::MAX);

/// Returns whether a thread's time may be up.
pub(crate) fn is_any_due(now_ns: u64) -> bool {
    NEXT_WAKE_NS.load(Ordering::SeqCst) <= now_ns
}

/// Blocks the running thread while `word` holds `expected`, until [`wake`] or the time `until_ns`.
///
/// An idle thread can't block: for it this returns at once.
pub(crate) fn wait(word: &AtomicU32, expected: u32, until_ns: Option<u64>, cancellable: Cancellable) -> Wake {
    let thread = Thread::current().expect("only a thread can wait");
    let cancellable = cancellable == Cancellable::Yes && thread.accepts_cancel();
    let mut scheduler = dispatch::lock();
    if word.load(Ordering::SeqCst) != expected || dispatch::is_idle(thread.index()) {
        return Wake::Changed;
    }
    if cancellable && thread.kill_requested.load(Ordering::SeqCst) {
        return Wake::Killed;
    }
    if let Some(until_ns) = until_ns {
        NEXT_WAKE_NS.fetch_min(until_ns, Ordering::SeqCst);
    }
    let word = core::ptr::from_ref(word).addr();
    scheduler.block(thread.index(), State::Waiting { word, until_ns, cancellable })
}

/// Wakes all threads that wait for `word`.
pub(crate) fn wake(word: &AtomicU32) {
    dispatch::lock().wake_word(core::ptr::from_ref(word).addr());
}

/// Wakes those that waited longest for `word`, `most` at most, and returns how many there were.
pub(crate) fn wake_some(word: &AtomicU32, most: usize) -> usize {
    dispatch::lock().wake_some(core::ptr::from_ref(word).addr(), most)
}

/// Blocks the running thread for `delay_ns`, or until it is killed. A cancellation point.
pub(crate) fn sleep_ns(delay_ns: u64) {
    let nobody_wakes_this = AtomicU32::new(0);
    let until_ns = clock::now_ns() + delay_ns;
    while clock::now_ns() < until_ns {
        thread::test_cancel();
        wait(&nobody_wakes_this, 0, Some(until_ns), Cancellable::Yes);
    }
    thread::test_cancel();
}

impl Scheduler {
    /// Makes all threads ready that wait for the word at `address`.
    pub(crate) fn wake_word(&mut self, address: usize) {
        self.wake_some(address, usize::MAX);
    }

    fn wake_some(&mut self, address: usize, most: usize) -> usize {
        self.wake_where(Wake::Woken, most, |state| matches!(state, State::Waiting { word, .. } if *word == address))
    }

    /// Makes all threads ready whose time is up.
    pub(crate) fn wake_sleepers(&mut self, now_ns: u64) {
        self.wake_where(
            Wake::TimedOut,
            usize::MAX,
            |state| matches!(state, State::Waiting { until_ns: Some(until), .. } if *until <= now_ns),
        );
        let next = self.waiting.iter().filter_map(|&index| match self.table.record(index).state {
            State::Waiting { until_ns, .. } => until_ns,
            _ => None,
        });
        NEXT_WAKE_NS.store(next.min().unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    fn wake_where(&mut self, reason: Wake, most: usize, matches: impl Fn(&State) -> bool) -> usize {
        let (mut position, mut woken) = (0, 0);
        while woken < most
            && let Some(&index) = self.waiting.get(position)
        {
            if matches(&self.table.record(index).state) {
                self.wake_at(position, reason);
                woken += 1;
            } else {
                position += 1;
            }
        }
        woken
    }

    /// Makes `thread` ready if it waits where it may be ended.
    pub(crate) fn wake_to_end(&mut self, thread: ThreadIndex) {
        if matches!(self.table.record(thread).state, State::Waiting { cancellable: true, .. })
            && let Some(position) = self.waiting.iter().position(|&waiting| waiting == thread)
        {
            self.wake_at(position, Wake::Killed);
        }
    }

    fn wake_at(&mut self, position: usize, reason: Wake) {
        // In order: of two waiters with the same priority the first one is queued first.
        let index = self.waiting.remove(position);
        self.table.record_mut(index).wake = reason;
        self.make_ready(index);
    }
}

/// A counter that threads wait for while it is 0.
#[derive(Debug)]
pub(crate) struct Semaphore {
    count: AtomicU32,
}

impl Semaphore {
    pub(crate) const fn new(count: u32) -> Self {
        Self { count: AtomicU32::new(count) }
    }

    /// Counts one down, waiting while there is none. A cancellation point.
    pub(crate) fn acquire(&self) {
        while !self.try_acquire() {
            wait(&self.count, 0, None, Cancellable::Yes);
            thread::test_cancel();
        }
    }

    /// Counts one down if there is one.
    pub(crate) fn try_acquire(&self) -> bool {
        self.count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1)).is_ok()
    }

    /// Counts one up and wakes those who wait.
    pub(crate) fn release(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        wake(&self.count);
    }
}
