//! Win32 `Tls`: the calls of the core, with BOOL and the last error for their errors.

use core::ffi::{c_int, c_void};

use tsd::Key;

use crate::calls;
use crate::key_space::key_space;
use crate::port::set_last_error;
use crate::win32::{ERROR_INVALID_PARAMETER, ERROR_NO_MORE_ITEMS, ERROR_SUCCESS, OUT_OF_INDEXES, succeed};

/// `TlsAlloc`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_TlsAlloc() -> u32 {
    let mut key = 0;
    // SAFETY: a local variable, and no destructor.
    if unsafe { calls::tsd_key_create(&mut key, None) } == 0 {
        return key;
    }
    set_last_error(ERROR_NO_MORE_ITEMS);
    OUT_OF_INDEXES
}

/// `TlsFree`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_TlsFree(index: u32) -> c_int {
    succeed(calls::tsd_key_delete(index) == 0)
}

/// `TlsGetValue`. The last error tells a stored NULL from an invalid index.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_TlsGetValue(index: u32) -> *mut c_void {
    let value = calls::tsd_get(index);
    // A value that is not NULL proves that the index is valid.
    let valid = !value.is_null() || key_space().table().is_live(Key::from_raw(index));
    set_last_error(if valid { ERROR_SUCCESS } else { ERROR_INVALID_PARAMETER });
    value
}

/// `TlsSetValue`.
///
/// # Safety
///
/// As `tsd_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_TlsSetValue(index: u32, value: *mut c_void) -> c_int {
    // SAFETY: the caller's word.
    succeed(unsafe { calls::tsd_set(index, value) } == 0)
}
