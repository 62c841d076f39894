//! POSIX threads: the calls of the core under their names, which have the same arguments and errors.

use core::ffi::{c_int, c_void};

use tsd::Destructor;
#[cfg(not(minimal))]
use tsd::Once;

use crate::calls;
#[cfg(not(minimal))]
use crate::calls::Routine;

/// `pthread_key_create`.
///
/// # Safety
///
/// As `tsd_key_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_pthread_key_create(key: *mut u32, destructor: Option<Destructor>) -> c_int {
    // SAFETY: the caller's word.
    unsafe { calls::tsd_key_create(key, destructor) }
}

/// `pthread_key_delete`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_pthread_key_delete(key: u32) -> c_int {
    calls::tsd_key_delete(key)
}

/// `pthread_getspecific`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_pthread_getspecific(key: u32) -> *mut c_void {
    calls::tsd_get(key)
}

/// `pthread_setspecific`.
///
/// # Safety
///
/// As `tsd_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_pthread_setspecific(key: u32, value: *const c_void) -> c_int {
    // SAFETY: the caller's word.
    unsafe { calls::tsd_set(key, value) }
}

/// `pthread_once`.
///
/// # Safety
///
/// As `tsd_once`.
#[cfg(not(minimal))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_pthread_once(control: *const Once, routine: Option<Routine>) -> c_int {
    // SAFETY: the caller's word. In tail position, so that no frame of this function is left to unwind through.
    unsafe { calls::tsd_once(control, routine) }
}
