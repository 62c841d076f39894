//! Thread-exit functions.

use core::ffi::{c_int, c_void};

use tsd::{Error, ExitFunction};

use crate::key_space::key_space;
use crate::port::status;

/// Registers a function for the calling thread's exit.
///
/// # Safety
///
/// `function` must be callable with `argument` at the thread's exit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_at_thread_exit(function: Option<ExitFunction>, argument: *mut c_void) -> c_int {
    match function {
        // SAFETY: the caller's word.
        Some(function) => status(unsafe { key_space().at_thread_exit(function, argument) }),
        None => Error::NullPointer.errno(),
    }
}

/// Runs the calling thread's exit functions and nothing else of its exit; how many there were.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_run_exit_functions() -> u32 {
    // SAFETY: the header asks of the caller what the call does.
    unsafe { key_space().run_exit_functions() }
}
