//! A counter of executed instructions, under QEMU's `-icount shift=0`: the cycle counter then goes up by one with each.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D19 "Performance Monitors registers".

use core::arch::asm;

/// `PMCR_EL0.E`: the counters run.
const ENABLE: u64 = 1;
/// `PMCR_EL0.LC`: the cycle counter has 64 bits.
const LONG: u64 = 1 << 6;
/// The cycle counter's bit in `PMCNTENSET_EL0`.
const CYCLES: u64 = 1 << 31;

/// Starts the counter of this CPU.
pub(crate) fn init() {
    // SAFETY: Nothing else uses the performance monitors. No `nomem`: what is counted stays after it.
    unsafe {
        asm!(
            "msr pmccfiltr_el0, xzr",
            "msr pmcntenset_el0, {cycles}",
            "msr pmcr_el0, {enable}",
            "isb",
            cycles = in(reg) CYCLES,
            enable = in(reg) ENABLE | LONG,
            options(nostack, preserves_flags),
        );
    }
}

/// Returns the count.
#[inline(always)]
pub(crate) fn read() -> u64 {
    let count;
    // SAFETY: Reading the counter has no side effect. No `nomem`: not to be moved across what is counted.
    unsafe {
        asm!("mrs {}, pmccntr_el0", out(reg) count, options(nostack, preserves_flags));
    }
    count
}
