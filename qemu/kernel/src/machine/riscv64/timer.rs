//! The timer: a clock that all CPUs share, and the firmware's one-shot interrupt for each.

use riscv::register::time;

/// What a count of the clock of the `virt` board is.
const NS_PER_COUNT: u64 = 100;

/// Enables the timer of this CPU, with nothing armed.
pub(crate) fn init_cpu() {
    disarm();
}

/// Returns the nanoseconds since the machine started. Monotonic, and the same on all CPUs.
pub(crate) fn now_ns() -> u64 {
    time::read64() * NS_PER_COUNT
}

/// Raises the timer interrupt on this CPU once, `delay_ns` from now (at most some seconds).
pub(crate) fn arm_ns(delay_ns: u64) {
    set(time::read64() + delay_ns / NS_PER_COUNT);
}

/// Ends the timer's interrupt request.
pub(super) fn disarm() {
    set(u64::MAX);
}

fn set(count: u64) {
    let result = sbi_rt::set_timer(count);
    debug_assert!(result.is_ok(), "the firmware has a timer");
}
