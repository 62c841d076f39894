//! Which threads wake: those that wait for a word, those whose time is up, and one that is killed.

use core::sync::atomic::{AtomicU64, Ordering};

use super::{
    control_block::ThreadIndex,
    locked::Scheduler,
    thread_table::{State, Wake},
};

/// The earliest time that any thread waits for, or an earlier one; to be read without the lock.
static NEXT_WAKE_NS: AtomicU64 = AtomicU64::new(u64::MAX);

/// Returns whether a thread's time may be up.
pub(crate) fn is_any_due(now_ns: u64) -> bool {
    NEXT_WAKE_NS.load(Ordering::SeqCst) <= now_ns
}

/// Notes that a thread waits until `until_ns` at the latest.
pub(super) fn note_due(until_ns: u64) {
    NEXT_WAKE_NS.fetch_min(until_ns, Ordering::SeqCst);
}

impl Scheduler {
    /// Makes all threads ready that wait for the word at `address`.
    pub(crate) fn wake_word(&mut self, address: usize) {
        self.wake_some(address, usize::MAX);
    }

    pub(super) fn wake_some(&mut self, address: usize, most: usize) -> usize {
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
