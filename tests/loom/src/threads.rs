//! Loom's threads as a kernel's: each has its slots, and sleeps in a queue that only a wake empties.

use std::boxed::Box;
use std::sync::Arc;

use core::sync::atomic::Ordering::Relaxed;
use loom::sync::{Condvar, Mutex};
use loom::thread::{self, JoinHandle};
use tsd::{AtomicU32, Capacity, KeySpace, KeyTable, NotificationList, Notifications, Port, Slots, Supported};

/// The keys of the key spaces here. One: each key gets the index of the one deleted before.
pub(crate) const KEYS: usize = 1;

loom::thread_local! {
    /// The calling thread's slots, at one address as long as it lives.
    static SLOTS: Box<Slots<KEYS>> = Box::new(Slots::new());
}

/// The port of loom's threads.
pub(crate) struct LoomPort {
    notifications: Notifications<1>,
    queue: Mutex<()>,
    woken: Condvar,
}

// SAFETY: the slots are the calling thread's own; loom drops them after its end. Nothing interrupts or kills threads.
unsafe impl Port for LoomPort {
    type Slots = Slots<KEYS>;

    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        let slots = SLOTS.with(|slots| &raw const **slots);
        // SAFETY: the box is dropped after the thread's last call.
        Some(unsafe { &*slots })
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(self.notifications.as_list())
    }

    /// Sleeps until the next wake, without a second look: a wake that the library forgets is a deadlock, which loom
    /// reports.
    fn wait(&self, word: &AtomicU32, expected: u32) {
        let queue = self.queue.lock().unwrap();
        // Relaxed: a wake that came before has released the queue after its change of the word.
        if word.load(Relaxed) == expected {
            drop(self.woken.wait(queue).unwrap());
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        drop(self.queue.lock().unwrap());
        self.woken.notify_all();
    }
}

/// A key space that loom's threads share.
pub(crate) type Space = KeySpace<LoomPort>;

/// A key space with nothing in it.
pub(crate) fn space() -> Arc<Space> {
    let port = LoomPort { notifications: Notifications::new(), queue: Mutex::new(()), woken: Condvar::new() };
    // SAFETY: a check has one key space.
    Arc::new(unsafe { KeySpace::new(port) })
}

/// The notifications of a key space.
pub(crate) fn notifications(space: &Space) -> &Notifications<1> {
    &space.port().notifications
}

/// Starts a thread that shares `shared`.
pub(crate) fn start<T, R>(shared: &Arc<T>, body: impl FnOnce(&T) -> R + 'static) -> JoinHandle<R>
where
    T: 'static,
    R: 'static,
{
    let shared = Arc::clone(shared);
    thread::spawn(move || body(&shared))
}

/// A table that threads share.
pub(crate) fn table<const N: usize>() -> Arc<KeyTable<N>>
where
    Capacity<N>: Supported,
{
    Arc::new(KeyTable::new())
}
