//! The kernel's side of the library: the key space of all threads.

use core::sync::atomic::AtomicU32;

use tsd::{ArenaMemory, Event, ExitFunctionList, ExitReport, KeySpace, NotificationList, Notifications, Port, Slots};

use crate::core::{
    capacity::{KEYS, NOTIFICATIONS},
    scheduler::{
        control_block::Thread,
        wait::{self, Cancellable},
    },
    trace,
};

/// The keys of all threads of the kernel.
// SAFETY: the slots of the kernel's threads are used with this key space only.
pub(crate) static SPACE: KeySpace<KernelPort> = unsafe { KeySpace::new(KernelPort) };

/// The calling thread's exit.
pub(crate) fn exit() -> ExitReport {
    // SAFETY: the kernel calls it last on each thread, whose code does not run any more.
    unsafe { SPACE.exit() }
}

/// The exit of a dead thread, on the thread that reaps it.
pub(crate) fn reap() -> ExitReport {
    // SAFETY: `reap::reap` calls it for a thread that never runs again, whose block the port gives meanwhile.
    unsafe { SPACE.reap() }
}

/// Who is told of threads that start and end.
pub(crate) static SENT: Notifications<NOTIFICATIONS> = Notifications::new();

/// Finds the current thread's slots in its control block.
#[derive(Debug)]
pub(crate) struct KernelPort;

// SAFETY: 1. All are fields of the running thread's own control block, which its thread keeps until its exit hook has
// returned, or of the dead thread that the running one reaps, which nobody else uses any more. 2. In an interrupt there
// is no current thread, or the interrupted one. 3. A thread that is killed runs the hook itself, on its own stack; one
// that dies is reaped before its stack is freed.
unsafe impl Port for KernelPort {
    type Slots = Slots<KEYS>;
    const TRACE: Option<fn(Event)> = trace::HOOK;

    #[inline]
    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        Thread::current().map(|thread| &thread.seen().slots)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        Thread::current().map(|thread| thread.seen().exit_functions.as_list())
    }

    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        Thread::current().map(|thread| thread.seen().arena.as_memory())
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(SENT.as_list())
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        // Early return is allowed, so why the wait ended does not matter.
        let _ = wait::wait(word, expected, None, Cancellable::No);
    }

    fn wake(&self, word: &AtomicU32) {
        wait::wake(word);
    }
}
