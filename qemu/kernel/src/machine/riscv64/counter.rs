//! A counter of executed instructions, which is exact under QEMU's `-icount shift=0`.

use core::arch::asm;

/// Nothing is to be done: the firmware has the counter run.
pub(crate) fn init() {}

/// Returns the count.
#[inline(always)]
pub(crate) fn read() -> u64 {
    let count;
    // SAFETY: Reading the counter has no side effect. No `nomem`: not to be moved across what is counted.
    unsafe {
        asm!("rdinstret {}", out(reg) count, options(nostack));
    }
    count
}
