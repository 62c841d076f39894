//! The host as a kernel: its threads, std's lock, and calls for interrupts.

use std::sync::Mutex;

use super::Thread;

pub(crate) use std::println;

std::thread_local! {
    static THREAD: &'static Thread = Box::leak(Box::new(Thread::new()));
}

/// The running thread's control block.
pub(super) fn current() -> Option<&'static Thread> {
    Some(THREAD.with(|thread| *thread))
}

/// Calls `body` on a thread of its own, and waits for its end.
pub(super) fn run_thread(body: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(body).join()).expect("the thread does not panic");
}

/// Calls `handler`: to the library, a handler is code that runs in the middle of its thread's.
pub(super) fn interrupt(handler: impl Fn()) {
    handler();
}

/// What one thread uses at a time.
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Calls `use_value` with the lock taken.
    pub(crate) fn with<R>(&self, use_value: impl FnOnce(&mut T) -> R) -> R {
        use_value(&mut self.0.lock().expect("nothing panics"))
    }
}
