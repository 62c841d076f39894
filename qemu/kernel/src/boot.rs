//! Work for the boot thread: the first CPU's idle thread, which the machine brought up and nobody
//! started, and which the library was never told of.
//!
//! It can't block; where it has to wait it looks again and again, and every other thread goes first.

use core::sync::atomic::{AtomicU32, Ordering};

use spin::Mutex;

use crate::{
    cpu,
    machine::interrupts,
    wait::{self, Cancellable},
};

/// Locked with interrupts masked only.
static JOB: Mutex<Option<fn()>> = Mutex::new(None);
static DONE: AtomicU32 = AtomicU32::new(0);

/// Has the boot thread call `job` and waits until it has returned. One caller at a time.
pub(crate) fn run_on_boot_thread(job: fn()) {
    DONE.store(0, Ordering::SeqCst);
    let state = interrupts::save_and_disable();
    *JOB.lock() = Some(job);
    // SAFETY: The state is from above, on the same CPU since interrupts were masked.
    unsafe { interrupts::restore(state) };
    while DONE.load(Ordering::SeqCst) == 0 {
        wait::wait(&DONE, 0, None, Cancellable::No);
    }
}

/// Does what [`run_on_boot_thread`] asks for. On the idle threads, with interrupts masked; the first
/// CPU's sees a job at its next tick.
pub(crate) fn run_job() {
    if cpu::id() != 0 {
        return;
    }
    let job = JOB.lock().take();
    if let Some(job) = job {
        interrupts::enable();
        job();
        DONE.store(1, Ordering::SeqCst);
        wait::wake(&DONE);
        interrupts::disable();
    }
}
