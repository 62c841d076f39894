//! The end of a run.

use qemu_exit::{QEMUExit, X86};

/// The port of QEMU's isa-debug-exit device.
pub(super) const PORT: u16 = 0xf4;
/// QEMU's exit status of a run that ended with status 0: the device can't make it 0.
const SUCCESS: u32 = 33;

/// Ends QEMU: with [`SUCCESS`] if `status` is 0, else with twice `status` and 1.
// Never inlined, so that a debugger can stop here.
#[inline(never)]
pub(crate) fn power_off(status: u8) -> ! {
    // SAFETY: QEMU is run with the device at this port.
    let device = unsafe { X86::new(PORT, SUCCESS) };
    let exit_status = u32::from(status) << 1 | 1;
    match status {
        0 => device.exit_success(),
        // The host keeps 8 bits. A failure must not look like success.
        _ if exit_status & 0xff == SUCCESS => device.exit_failure(),
        _ => device.exit(u32::from(status)),
    }
}
