//! The end of a run, by semihosting.

/// Ends QEMU with `status` as its exit status.
// Never inlined, so that a debugger can stop here.
#[inline(never)]
pub(crate) fn power_off(status: u8) -> ! {
    semihosting::process::exit(i32::from(status))
}
