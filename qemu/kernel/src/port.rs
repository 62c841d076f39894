//! The kernel's side of the library: the key space of all threads.

use core::sync::atomic::AtomicU32;

use tsd::{ExitFunctionList, KeySpace, NotificationList, Notifications, Port, Slots};

use crate::{
    thread::Thread,
    wait::{self, Cancellable},
};

/// PTHREAD_KEYS_MAX, chosen at build time.
pub(crate) const KEYS: usize = match usize::from_str_radix(env!("TSD_KEYS"), 10) {
    Ok(keys) => keys,
    Err(_) => panic!("TSD_KEYS is not a number"),
};

/// The keys of all threads of the kernel.
pub(crate) static SPACE: KeySpace<KernelPort, KEYS> = KeySpace::new(KernelPort);

/// Who is told of threads that start and end.
pub(crate) static NOTIFICATIONS: Notifications<8> = Notifications::new();

/// Finds the current thread's slots in its control block.
#[derive(Debug)]
pub(crate) struct KernelPort;

// SAFETY: 1. Both are fields of the running thread's own control block, which its thread keeps until
// its exit hook has returned, and SPACE is the only key space with this port. 2. In an interrupt there
// is no current thread. 3. A thread that is killed runs the hook itself, on its own stack.
unsafe impl Port<KEYS> for KernelPort {
    #[inline]
    fn current(&self) -> Option<&Slots<KEYS>> {
        Thread::current().map(|thread| &thread.slots)
    }

    fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        Thread::current().map(|thread| thread.exit_functions.as_list())
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(NOTIFICATIONS.as_list())
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        // Early return is allowed, so why the wait ended does not matter.
        let _ = wait::wait(word, expected, None, Cancellable::No);
    }

    fn wake(&self, word: &AtomicU32) {
        wait::wake(word);
    }
}
