//! One-time initialisation.
//!
//! The initialiser is foreign code, and a C++ exception or a forced unwinding may come out of it, which must not pass
//! through Rust code. Where `arch/` has a `tsd_once` in assembly, that calls the initialiser between two calls to here
//! and no Rust function is on the stack meanwhile; its unwind entry names `tsd_once_unwind`, so the unwinder itself
//! gives the control back. Elsewhere `tsd_once` is Rust and an exception ends in the C++ runtime's `terminate`.

use core::ffi::c_int;

use tsd::{EINVAL, Once, OnceFrame};

use crate::api::{Routine, SPACE};

#[cfg(target_arch = "aarch64")]
#[path = "../../arch/aarch64/once.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "../../arch/x86_64/once.rs"]
mod arch;

/// The caller must run the routine.
const RUN: c_int = -1;

/// The first half of `tsd_once`: [`RUN`], 0 if completed, or an error.
///
/// # Safety
///
/// `control` is NULL or valid as long as the initialiser runs; `frame` is valid so long.
#[unsafe(no_mangle)]
unsafe extern "C" fn tsd_once_begin(control: *const Once, routine: Option<Routine>, frame: *mut OnceFrame) -> c_int {
    // SAFETY: the caller's word.
    let (Some(control), Some(_)) = (unsafe { control.as_ref() }, routine) else { return EINVAL };
    // SAFETY: the caller's word; every bit pattern is a frame, and nobody else has this one yet.
    match unsafe { SPACE.begin_once(control, &mut *frame) } {
        Ok(true) => RUN,
        Ok(false) => 0,
        Err(error) => error.errno(),
    }
}

/// The second half of `tsd_once`, when the routine has returned.
///
/// # Safety
///
/// `tsd_once_begin` gave [`RUN`] for this frame, on this thread.
#[unsafe(no_mangle)]
unsafe extern "C" fn tsd_once_end(frame: *const OnceFrame) {
    // SAFETY: the caller's word.
    unsafe { SPACE.end_once(&*frame) };
}

/// The unwinder's second pass: it is about to remove frames.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const CLEANUP_PHASE: c_int = 2;
/// The unwinder shall go on to the caller's frame.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const CONTINUE_UNWIND: c_int = 8;

/// The personality routine of `tsd_once`. The initialisers that the thread began later are gone from the stack already,
/// so the innermost one is that of the frame being unwound.
///
/// Itanium C++ ABI, exception handling, 1.6.2 and 2.5.2.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[unsafe(no_mangle)]
extern "C" fn tsd_once_unwind(_version: c_int, actions: c_int) -> c_int {
    if actions & CLEANUP_PHASE != 0 {
        // SAFETY: the unwinder is about to leave the routine.
        unsafe { SPACE.abandon_once() };
    }
    CONTINUE_UNWIND
}

/// Runs `routine` unless a call with this control has completed.
///
/// # Safety
///
/// `control` is NULL or valid as long as the call takes.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_once(control: *const Once, routine: Option<Routine>) -> c_int {
    let mut frame = OnceFrame::new();
    // SAFETY: the caller's word; the frame outlives the routine.
    let begun = unsafe { tsd_once_begin(control, routine, &mut frame) };
    let Some(routine) = routine else { return begun };
    if begun != RUN {
        return begun;
    }
    // SAFETY: the frame was begun and the routine returns to here.
    unsafe {
        routine();
        tsd_once_end(&frame);
    }
    0
}
