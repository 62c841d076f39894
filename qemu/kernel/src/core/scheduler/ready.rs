//! The ready queues: one for each priority, first in, first out.

use core::sync::atomic::{AtomicUsize, Ordering};

use heapless::Vec;

use super::control_block::{MAX_THREADS, PRIORITIES, ThreadIndex};

/// A thread that is ready, and the CPUs that may run it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    thread: ThreadIndex,
    affinity: u8,
}

/// How many threads are in the queues, to be read without the scheduler's lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Returns whether any thread is ready. True a moment ago; whoever makes a thread ready also asks a CPU to
/// look.
pub(crate) fn is_any_ready() -> bool {
    COUNT.load(Ordering::SeqCst) != 0
}

/// The threads that could run if a CPU were free. There is one, in the scheduler.
#[derive(Debug)]
pub(crate) struct ReadyQueues {
    queues: [Vec<Entry, MAX_THREADS>; PRIORITIES],
}

impl ReadyQueues {
    pub(crate) const fn new() -> Self {
        Self { queues: [const { Vec::new() }; PRIORITIES] }
    }

    /// Puts a thread after the others of its priority.
    pub(crate) fn push(&mut self, thread: ThreadIndex, priority: u8, affinity: u8) {
        let pushed = self.queues[usize::from(priority)].push(Entry { thread, affinity });
        debug_assert!(pushed.is_ok(), "a thread is queued twice");
        COUNT.fetch_add(1, Ordering::SeqCst);
    }

    /// Puts a thread in front: it had to give way and its time was not up.
    pub(crate) fn push_front(&mut self, thread: ThreadIndex, priority: u8, affinity: u8) {
        let inserted = self.queues[usize::from(priority)].insert(0, Entry { thread, affinity });
        debug_assert!(inserted.is_ok(), "a thread is queued twice");
        COUNT.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns the highest priority at which a thread is ready for `cpu`.
    pub(crate) fn best_priority(&self, cpu: usize) -> Option<u8> {
        self.find(cpu).map(|(priority, _)| priority as u8)
    }

    /// Takes the first thread of the highest priority that `cpu` may run.
    pub(crate) fn take_best(&mut self, cpu: usize) -> Option<ThreadIndex> {
        let (priority, position) = self.find(cpu)?;
        COUNT.fetch_sub(1, Ordering::SeqCst);
        Some(self.queues[priority].remove(position).thread)
    }

    /// Returns the priority and the CPUs of the thread that is first among all.
    pub(crate) fn first(&self) -> Option<(u8, u8)> {
        let (priority, queue) = self.queues.iter().enumerate().rev().find(|(_, queue)| !queue.is_empty())?;
        Some((priority as u8, queue[0].affinity))
    }

    fn find(&self, cpu: usize) -> Option<(usize, usize)> {
        self.queues.iter().enumerate().rev().find_map(|(priority, queue)| {
            let position = queue.iter().position(|entry| entry.affinity & 1 << cpu != 0)?;
            Some((priority, position))
        })
    }
}
