//! The end of a run.

/// Ends QEMU with `status` as its exit status.
pub(crate) fn power_off(status: u8) -> ! {
    semihosting::process::exit(i32::from(status))
}
