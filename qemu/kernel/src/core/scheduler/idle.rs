//! The idle threads: one for each CPU, run when no other is ready, and work for them.
//!
//! An idle thread is what the machine's boot code brought up; nobody started it, and the library was
//! never told of it. The first CPU's is the boot thread. An idle thread can't block; where it has to
//! wait it looks again and again, and every other thread goes first.

use core::sync::atomic::{AtomicU32, Ordering};

use spin::Mutex;

use super::{
    dispatch,
    wait::{self, Cancellable},
};
use crate::{
    core::cpu,
    machine::{self, interrupts},
};

/// Work for an idle thread.
struct Job {
    cpu: usize,
    body: fn(usize),
    argument: usize,
}

/// Locked with interrupts masked only.
static JOB: Mutex<Option<Job>> = Mutex::new(None);
static DONE: AtomicU32 = AtomicU32::new(0);

/// Has the idle thread of `cpu` call `body` and waits until it has returned. One caller at a time.
pub(crate) fn call_on_idle_thread(cpu: usize, body: fn(usize), argument: usize) {
    DONE.store(0, Ordering::SeqCst);
    interrupts::without_interrupts(|| *JOB.lock() = Some(Job { cpu, body, argument }));
    machine::ipi::send_reschedule(cpu);
    while DONE.load(Ordering::SeqCst) == 0 {
        wait::wait(&DONE, 0, None, Cancellable::No);
    }
}

/// What a CPU does with no thread to run: its idle thread's whole life. Interrupts are masked.
pub(crate) fn idle() -> ! {
    loop {
        dispatch::preempt();
        run_job();
        machine::cpu::wait_for_interrupt();
    }
}

/// Does what [`call_on_idle_thread`] asks this CPU for.
fn run_job() {
    let Some(job) = JOB.lock().take_if(|job| job.cpu == cpu::id()) else { return };
    interrupts::enable();
    (job.body)(job.argument);
    DONE.store(1, Ordering::SeqCst);
    wait::wake(&DONE);
    interrupts::disable();
}
