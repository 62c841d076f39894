//! What the library asks of the kernel.

use spin::RelaxStrategy;

use crate::arena::ArenaMemory;
use crate::exit_functions::ExitFunctionList;
use crate::notifications::NotificationList;
use crate::slot_array::SlotArray;
use crate::sync::{AtomicU32, Relaxed};

/// The kernel's side: who the current thread is, and how a thread sleeps.
///
/// # Safety
///
/// 1. [`current`](Self::current), [`exit_functions`](Self::exit_functions) and [`arena`](Self::arena) give what belongs
///    to the calling thread and to no other, initialised. Whatever they give in a thread, they give until the thread's
///    exit hook has returned.
/// 2. In an interrupt handler they give what belongs to the interrupted thread, or `None`.
/// 3. The thread's stack outlives its exit hook: a thread that is killed runs [`KeySpace::exit`](crate::KeySpace::exit)
///    itself, on its own stack, or [`KeySpace::reap`](crate::KeySpace::reap) is called for it before its stack is
///    freed.
pub unsafe trait Port {
    /// [`Slots<N>`](crate::Slots), where `N` is PTHREAD_KEYS_MAX: 1 to 64, or a multiple of 64 up to 4096.
    type Slots: SlotArray;

    /// The slots of the calling thread, or `None` where there is no thread: an interrupt handler, early boot.
    ///
    /// # Safety
    ///
    /// For the library to call. What it returns must be used on the calling thread only, and not after the thread's
    /// exit: the reference says nothing of either.
    unsafe fn current(&self) -> Option<&Self::Slots>;

    /// The thread-exit functions of the calling thread, where the kernel keeps such a list.
    ///
    /// # Safety
    ///
    /// As [`current`](Self::current).
    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        None
    }

    /// The memory of the calling thread for [`Inline`](crate::Inline) values, where the kernel keeps some: its
    /// [`Arena`](crate::Arena).
    ///
    /// # Safety
    ///
    /// As [`current`](Self::current).
    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        None
    }

    /// The notifications that threads send at their start and end, where the kernel keeps such a list.
    fn notifications(&self) -> Option<NotificationList<'_>> {
        None
    }

    /// Sends the detach notifications of a thread that was attached. A port that gets by with one list need not say
    /// more than [`notifications`](Self::notifications).
    fn detach(&self) {
        if let Some(notifications) = self.notifications() {
            notifications.detach();
        }
    }

    /// Blocks the calling thread while `word` holds `expected`, until [`wake`](Self::wake) is called for it.
    ///
    /// It may return early. The comparison and going to sleep must be one step as seen by `wake`, as with a futex, and
    /// this must not be a cancellation point. By default it spins until the word changes, which is for kernels that
    /// preempt without strict priorities: elsewhere a waiter would starve the thread that it waits for. A cooperative
    /// kernel yields here while the word is as expected.
    fn wait(&self, word: &AtomicU32, expected: u32) {
        // Relaxed: the caller looks at the word again, with the ordering that it needs.
        while word.load(Relaxed) == expected {
            spin::relax::Spin::relax();
        }
    }

    /// Wakes every thread that is blocked on `word`.
    fn wake(&self, word: &AtomicU32) {
        let _ = word;
    }
}

/// A port whose interrupt handlers find no thread, so that nothing comes between two instructions of a thread and uses
/// its values: [`SharedKey::for_threads`](crate::SharedKey::for_threads) then takes values that are not `Sync`.
///
/// # Safety
///
/// [`current`](Port::current) gives `None` in whatever may run in the middle of a thread's code while the thread is
/// current: interrupt handlers, faults' handlers, signals' handlers.
pub unsafe trait ThreadsOnly: Port {}

/// The slots of the calling thread, for the length of one call of the library.
#[inline(always)]
pub(crate) fn current<P: Port>(port: &P) -> Option<&P::Slots> {
    // SAFETY: a call ends before its thread does, and hands the slots to no other.
    unsafe { port.current() }
}

/// The thread-exit functions of the calling thread, for the length of one call of the library.
pub(crate) fn exit_functions<P: Port>(port: &P) -> Option<ExitFunctionList<'_>> {
    // SAFETY: as above.
    unsafe { port.exit_functions() }
}

/// The arena of the calling thread, for the length of one call of the library.
pub(crate) fn arena<P: Port>(port: &P) -> Option<ArenaMemory<'_>> {
    // SAFETY: as above.
    unsafe { port.arena() }
}
