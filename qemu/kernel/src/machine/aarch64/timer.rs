//! The virtual timer: a clock that all CPUs share and a one-shot interrupt for each.

use core::arch::asm;

const NS_PER_S: u64 = 1_000_000_000;
const CONTROL_ENABLE: u64 = 1;

/// Enables the timer of this CPU, with nothing armed.
pub(crate) fn init_cpu() {
    disarm();
}

/// Returns the nanoseconds since the machine started. Monotonic, and the same on all CPUs.
pub(crate) fn now_ns() -> u64 {
    let count: u64;
    // SAFETY: Reading the counter has no side effect. The barrier keeps the read from being made ahead
    // of what the program does before. No `nomem` for the same reason.
    unsafe {
        asm!("isb", "mrs {}, cntvct_el0", out(reg) count, options(nostack, preserves_flags));
    }
    let frequency = frequency_hz();
    // In two parts: the count times 10^9 does not fit.
    count / frequency * NS_PER_S + count % frequency * NS_PER_S / frequency
}

/// Raises the timer interrupt on this CPU once, `delay_ns` from now (at most some seconds).
pub(crate) fn arm_ns(delay_ns: u64) {
    let ticks = delay_ns * frequency_hz() / NS_PER_S;
    // SAFETY: The timer of this CPU belongs to the kernel. No `nomem`: not to be moved across the code
    // that it times.
    unsafe {
        asm!(
            "msr cntv_tval_el0, {}",
            "msr cntv_ctl_el0, {}",
            "isb",
            in(reg) ticks,
            in(reg) CONTROL_ENABLE,
            options(nostack, preserves_flags),
        );
    }
}

/// Ends the timer's interrupt request.
pub(super) fn disarm() {
    // SAFETY: As in `arm_ns`.
    unsafe {
        asm!("msr cntv_ctl_el0, xzr", "isb", options(nostack, preserves_flags));
    }
}

fn frequency_hz() -> u64 {
    let frequency: u64;
    // SAFETY: A constant register. `pure` is right for that reason.
    unsafe {
        asm!("mrs {}, cntfrq_el0", out(reg) frequency, options(pure, nomem, nostack, preserves_flags));
    }
    frequency
}
