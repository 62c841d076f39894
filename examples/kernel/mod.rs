//! What the examples have for a kernel: threads of the host, each with slots of its own. Yours has them in its thread
//! control block, and calls `exit` last on each thread.

use tsd::{ExitReport, KeySpace, Port, Slots};

/// The port.
pub(crate) struct Kernel;

std::thread_local! {
    static SLOTS: &'static Slots<64> = Box::leak(Box::default());
}

// SAFETY: gives the calling thread's own slots, which are never freed.
unsafe impl Port for Kernel {
    type Slots = Slots<64>;

    unsafe fn current(&self) -> Option<&Slots<64>> {
        Some(SLOTS.with(|slots| *slots))
    }
}

/// Runs `body` as a thread; what its exit did.
pub(crate) fn run_thread(keys: &'static KeySpace<Kernel>, body: impl FnOnce() + Send) -> ExitReport {
    let thread = || {
        body();
        // SAFETY: the last that the thread does.
        unsafe { keys.exit() }
    };
    std::thread::scope(|scope| scope.spawn(thread).join()).expect("the thread does not panic")
}
