//! The C++ ABI's registration of destructors of `thread_local` objects. Itanium C++ ABI, 3.3.6.

use core::ffi::{c_int, c_void};

use tsd::ExitFunction;

use crate::calls;

/// `__cxa_thread_atexit`, which compilers call. Not 0 when the thread's list is full.
///
/// # Safety
///
/// As `tsd_at_thread_exit`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd___cxa_thread_atexit(
    destructor: Option<ExitFunction>,
    object: *mut c_void,
    _dso_handle: *mut c_void,
) -> c_int {
    // SAFETY: the caller's word. Kernels unload no shared objects, so the handle says nothing.
    unsafe { calls::tsd_at_thread_exit(destructor, object) }
}

/// `__cxa_thread_atexit_impl`, which C++ runtimes call where a C library has it.
///
/// # Safety
///
/// As `tsd_at_thread_exit`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd___cxa_thread_atexit_impl(
    destructor: Option<ExitFunction>,
    object: *mut c_void,
    _dso_handle: *mut c_void,
) -> c_int {
    // SAFETY: the caller's word. Not by way of the other name, which a C++ runtime may have as well.
    unsafe { calls::tsd_at_thread_exit(destructor, object) }
}
