//! The console: semihosting's, so that the serial port is the firmware's alone, with what that says of itself.
//!
//! No lock in here; `core::console` has it.

use semihosting::sys::arm_compat::sys_writec;

/// Writes all of `bytes`.
pub(crate) fn write_bytes(bytes: &[u8]) {
    bytes.iter().for_each(|&byte| sys_writec(byte));
}
