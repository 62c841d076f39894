//! Values in the program's memory, by the addresses that it gives.

use super::{
    errno::{EFAULT, Errno},
    memory,
};
use crate::machine::addresses::PROGRAM;

/// Returns a pointer to a value of the program.
///
/// # Errors
///
/// [`EFAULT`] for an address that is no value's in the program's memory.
pub(super) fn pointer<T>(address: usize) -> core::result::Result<*mut T, Errno> {
    let is_program = |address| PROGRAM.contains(&address) || memory::is_open(address);
    let last = address.checked_add(size_of::<T>() - 1).ok_or(EFAULT)?;
    if address.is_multiple_of(align_of::<T>()) && is_program(address) && is_program(last) {
        Ok(address as *mut T)
    } else {
        Err(EFAULT)
    }
}

/// Stores a value for the program, unless it gave NULL.
pub(super) fn store<T>(address: usize, value: T) -> core::result::Result<(), Errno> {
    if address != 0 {
        // SAFETY: The pointer is to memory of the program, which asked for the value there.
        unsafe { pointer::<T>(address)?.write(value) };
    }
    Ok(())
}

/// Loads a value of the program.
pub(super) fn load<T: Copy>(address: usize) -> core::result::Result<T, Errno> {
    // SAFETY: The pointer is to memory of the program. The types that are loaded have no invalid values.
    Ok(unsafe { pointer::<T>(address)?.read() })
}
