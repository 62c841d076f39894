//! C11 threads: the calls of the core, with `thrd_success` and `thrd_error` for their errors.

use core::ffi::{c_int, c_void};

use tsd::Destructor;
#[cfg(not(minimal))]
use tsd::Once;

use crate::calls;
#[cfg(not(minimal))]
use crate::calls::Routine;

/// As in glibc and musl.
const THRD_SUCCESS: c_int = 0;
/// As in glibc and musl.
const THRD_ERROR: c_int = 2;

fn thrd(status: c_int) -> c_int {
    if status == 0 { THRD_SUCCESS } else { THRD_ERROR }
}

/// `tss_create`.
///
/// # Safety
///
/// As `tsd_key_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_tss_create(key: *mut u32, destructor: Option<Destructor>) -> c_int {
    // SAFETY: the caller's word.
    thrd(unsafe { calls::tsd_key_create(key, destructor) })
}

/// `tss_delete`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_tss_delete(key: u32) {
    // C11 has no way to say that there was no such key.
    calls::tsd_key_delete(key);
}

/// `tss_get`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_tss_get(key: u32) -> *mut c_void {
    calls::tsd_get(key)
}

/// `tss_set`.
///
/// # Safety
///
/// As `tsd_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_tss_set(key: u32, value: *const c_void) -> c_int {
    // SAFETY: the caller's word.
    thrd(unsafe { calls::tsd_set(key, value) })
}

/// `call_once`.
///
/// # Safety
///
/// As `tsd_once`.
#[cfg(not(minimal))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_call_once(control: *const Once, routine: Option<Routine>) {
    // C11 has no way to say that something was NULL, or that the routine has called itself.
    // SAFETY: the caller's word.
    unsafe { calls::tsd_once(control, routine) };
}
