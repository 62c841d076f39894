//! A counter of executed instructions, under QEMU's `-icount shift=0`: the time-stamp counter then goes up by one with
//! each.

use core::arch::x86_64::_rdtsc;

/// Starts the counter of this CPU.
pub(crate) fn init() {}

/// Returns the count.
#[inline(always)]
pub(crate) fn read() -> u64 {
    // SAFETY: Reading the time stamp has no side effect; the kernel runs where it is allowed.
    unsafe { _rdtsc() }
}
