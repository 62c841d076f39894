//! The family's lock: it knows its owner, so that the exit of a thread that was killed under it can take it over, and
//! it sleeps through the kernel's hooks.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::hooks;
use crate::sync::{AtomicU32, AtomicUsize};
use crate::thread::Thread;

/// The caller: the address of its thread's block, or one of the names below. It is compared and never followed.
pub(super) type Name = usize;

/// The name of no caller at all.
pub(super) const NONE: Name = 0;
/// Somebody where no thread is current. Blocks are aligned: none has this address.
pub(super) const NOBODY: Name = 2;
/// Beside the owner's name: somebody may be waiting.
const AWAITED: usize = 1;

const _: () = assert!(align_of::<Thread>() > NOBODY);

/// The name of a thread, or of whoever calls where there is none.
pub(super) fn name(thread: Option<&Thread>) -> Name {
    thread.map_or(NOBODY, |thread| (&raw const *thread).addr())
}

/// The lock.
pub(super) struct Lock {
    /// The owner's name, or `NONE`; and `AWAITED`.
    owner: AtomicUsize,
    /// Another number after each release for which somebody waited: what waiters sleep on. That it wraps while a waiter
    /// goes to sleep would take 2^32 releases.
    turn: AtomicU32,
}

impl Lock {
    /// Free.
    pub(super) const fn new() -> Self {
        Self { owner: AtomicUsize::new(NONE), turn: AtomicU32::new(0) }
    }

    /// Waits for the lock and acquires it as `own`. Where the thread `dead` has it, which will not go on with what it
    /// did under it, the lock is taken from it at once: true.
    pub(super) fn acquire(&self, own: Name, dead: Name) -> bool {
        loop {
            // Acquire: the owner that is seen below is not older than this turn, so that who sleeps on the turn is
            // woken by the release of that owner or of a later one.
            let turn = self.turn.load(Acquire);
            // Acquire on success, here and below: what the last owner wrote is visible. Relaxed on failure: nothing was
            // acquired.
            let Err(seen) = self.owner.compare_exchange(NONE, own, Acquire, Relaxed) else { return false };
            if seen & !AWAITED == dead {
                if self.owner.compare_exchange(seen, own | seen & AWAITED, Acquire, Relaxed).is_ok() {
                    return true;
                }
            } else if seen & AWAITED != 0
                // Relaxed: nothing was acquired, and nothing is handed on.
                || self.owner.compare_exchange(seen, seen | AWAITED, Relaxed, Relaxed).is_ok()
            {
                hooks::tsd_wait(&self.turn, turn);
            }
        }
    }

    /// Gives the lock back.
    pub(super) fn release(&self) {
        // Release: pairs with the Acquire above.
        if self.owner.swap(NONE, Release) & AWAITED != 0 {
            self.wake();
        }
    }

    /// The second half of a release, for which waiters wait. Too many of it only cost them a look.
    pub(super) fn wake(&self) {
        // Release: whoever sees this turn sees that the owner before has left.
        self.turn.fetch_add(1, Release);
        hooks::tsd_wake(&self.turn);
    }

    /// Whether this thread, of which it is known that it does not run, has the lock.
    pub(super) fn is_owned_by(&self, thread: Name) -> bool {
        // Relaxed: it is of interest for threads only that can't get or lose it meanwhile.
        self.owner.load(Relaxed) & !AWAITED == thread
    }
}
