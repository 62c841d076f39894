//! What the two Win32 families have in common: numbers, and how they report errors.

use core::ffi::c_int;

use crate::port::set_last_error;

/// ERROR_SUCCESS.
pub const ERROR_SUCCESS: u32 = 0;
/// ERROR_NOT_ENOUGH_MEMORY.
pub const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
/// ERROR_INVALID_PARAMETER.
pub const ERROR_INVALID_PARAMETER: u32 = 87;
/// ERROR_NO_MORE_ITEMS.
pub const ERROR_NO_MORE_ITEMS: u32 = 259;
/// TLS_OUT_OF_INDEXES and FLS_OUT_OF_INDEXES. No ordinary key: a key of all ones would be one of the last phase.
pub const OUT_OF_INDEXES: u32 = u32::MAX;

/// TRUE, which leaves the last error alone, or FALSE with ERROR_INVALID_PARAMETER.
pub fn succeed(success: bool) -> c_int {
    if !success {
        set_last_error(ERROR_INVALID_PARAMETER);
    }
    success.into()
}
