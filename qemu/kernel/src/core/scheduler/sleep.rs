//! Sleeping, and semaphores: what waits here may be killed.

use core::sync::atomic::{AtomicU32, Ordering};

use super::{
    exit::test_cancel,
    wait::{Cancellable, wait, wake},
};
use crate::core::clock;

/// Blocks the running thread for `delay_ns`, or until it is killed. A cancellation point.
pub(crate) fn sleep_ns(delay_ns: u64) {
    let nobody_wakes_this = AtomicU32::new(0);
    let until_ns = clock::now_ns() + delay_ns;
    while clock::now_ns() < until_ns {
        test_cancel();
        wait(&nobody_wakes_this, 0, Some(until_ns), Cancellable::Yes);
    }
    test_cancel();
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
            test_cancel();
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
