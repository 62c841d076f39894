//! Ends a run that hangs: a limit in time for what runs now, looked at by every tick of every CPU.
//!
//! What it can't see is a kernel that has interrupts masked on all CPUs; the host's time-out ends that.

use core::sync::atomic::{AtomicU64, Ordering};

use spin::Mutex;

use crate::{
    core::{clock, panic},
    machine::interrupts::without_interrupts,
};

const NO_LIMIT: u64 = u64::MAX;

static LIMIT_NS: AtomicU64 = AtomicU64::new(NO_LIMIT);
/// What runs. Locked with interrupts masked only.
static SUBJECT: Mutex<&str> = Mutex::new("");

/// Gives `subject` this much time from now on, instead of what ran before.
pub(crate) fn start(subject: &'static str, limit_ns: u64) {
    without_interrupts(|| {
        *SUBJECT.lock() = subject;
        LIMIT_NS.store(clock::now_ns() + limit_ns, Ordering::SeqCst);
    });
}

/// Lets what runs take any time.
pub(crate) fn stop() {
    LIMIT_NS.store(NO_LIMIT, Ordering::SeqCst);
}

/// Ends the run if the time is up. In the timer interrupt.
pub(crate) fn check(now_ns: u64) {
    let limit_ns = LIMIT_NS.load(Ordering::SeqCst);
    // The exchange lets one CPU report.
    if now_ns < limit_ns || LIMIT_NS.compare_exchange(limit_ns, NO_LIMIT, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        return;
    }
    panic::report_hang(*SUBJECT.lock())
}
