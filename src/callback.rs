//! Calls of the functions that users gave, through which a panic or a foreign exception may come.
//!
//! Where the crate is compiled to abort on panic, nothing is compiled for unwinding, and a guard around each call would
//! only pull the machinery of panics into kernels: there such a function must not be left by an exception.

use core::ffi::c_void;

#[cfg(not(panic = "unwind"))]
use core::mem::transmute;

/// What destructors and thread-exit functions are.
type Function = unsafe extern "C-unwind" fn(*mut c_void);

/// Calls `function` with `argument`.
///
/// # Safety
///
/// The call must be sound.
#[inline(always)]
pub(crate) unsafe fn call(function: Function, argument: *mut c_void) {
    // SAFETY: the same type but for what may unwind, and nothing may.
    #[cfg(not(panic = "unwind"))]
    let function = unsafe { transmute::<Function, unsafe extern "C" fn(*mut c_void)>(function) };
    // SAFETY: the caller's word.
    unsafe { function(argument) };
}
