//! Thread-exit functions.

use core::ffi::{c_int, c_void};
use core::sync::atomic::Ordering::Release;

use tsd::{Error, ExitFunction, ExitReport, raw};

use crate::hooks;
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
        Some(function) => {
            // Release: pairs with the Acquire in `LinkedDuties`. First, so that the exit of a thread that has functions
            // finds it.
            hooks::exit_functions().store(run as *mut (), Release);
            // SAFETY: the caller's word.
            status(unsafe { key_space().at_thread_exit(function, argument) })
        }
        None => Error::NullPointer.errno(),
    }
}

/// What a thread's exit does when some were registered.
extern "C" fn run(report: &mut ExitReport) {
    // SAFETY: exit calls it, after which nothing of the thread uses what the functions destroy.
    unsafe { raw::run_exit_functions(key_space(), report) };
}

/// Runs the calling thread's exit functions and nothing else of its exit; how many there were.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_run_exit_functions() -> u32 {
    // SAFETY: the header asks of the caller what the call does.
    unsafe { key_space().run_exit_functions() }
}
