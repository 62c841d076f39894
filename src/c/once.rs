//! One-time initialisation.
//!
//! The initialiser is foreign code, and a C++ exception or a forced unwinding may come out of it, which must not pass
//! through Rust code. Where `arch/` has a `tsd_once` in assembly, that calls the initialiser between two calls to here
//! and no Rust function is on the stack meanwhile; its unwind entry names `tsd_once_unwind`, so the unwinder itself
//! gives the control back. Where no thread is current, the frame that it needs is in a list of [`threadless`] ones.
//! Elsewhere `tsd_once` is Rust and an exception ends in the C++ runtime's `terminate`.

use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::Ordering::Release;

use tsd::{Once, errno::EINVAL, raw, raw::OnceFrame};

use crate::calls::Routine;
use crate::hooks;
use crate::key_space::key_space;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
use crate::port::current;

#[cfg(target_arch = "aarch64")]
#[path = "../../arch/aarch64/once.rs"]
mod arch;
#[cfg(target_arch = "riscv64")]
#[path = "../../arch/riscv64/once.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "../../arch/x86_64/once.rs"]
mod arch;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
mod threadless;

/// The caller must run the routine.
const RUN: c_int = -1;

/// What `tsd_once` has on its stack; `arch/` has the routine.
#[derive(Debug)]
#[repr(C)]
struct Frame {
    once: OnceFrame,
    /// On the list of those that run where no thread is current.
    next: *mut Frame,
}

/// The first half of `tsd_once`: [`RUN`], 0 if completed, or an error.
///
/// # Safety
///
/// `control` is NULL or valid as long as the initialiser runs; `frame` is valid so long, and nobody else's.
#[unsafe(no_mangle)]
unsafe extern "C" fn tsd_once_begin(control: *const Once, routine: Option<Routine>, frame: *mut Frame) -> c_int {
    // SAFETY: the caller's word.
    let (Some(control), Some(_)) = (unsafe { control.as_ref() }, routine) else { return EINVAL };
    if control.is_complete() {
        return 0;
    }
    // Release: pairs with the Acquire in `LinkedDuties`. First, so that the exit of a thread that is in an initialiser
    // finds it.
    hooks::abandon().store(abandon as *mut (), Release);
    // SAFETY: the caller's word.
    let begun = unsafe {
        frame.write(Frame { once: OnceFrame::new(), next: ptr::null_mut() });
        raw::begin_once(key_space(), control, &mut (*frame).once)
    };
    match begun {
        Ok(true) => {
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
            if current().is_none() {
                // SAFETY: it is valid until `tsd_once_end` or `tsd_once_unwind`, which take it off.
                unsafe { threadless::add(frame) };
            }
            RUN
        }
        Ok(false) => 0,
        Err(error) => error.errno(),
    }
}

/// What the exit of a thread does that is in an initialiser.
extern "C" fn abandon() {
    // SAFETY: a thread that exits returns to none.
    unsafe { raw::abandon_all(key_space()) };
}

/// The second half of `tsd_once`, when the routine has returned.
///
/// # Safety
///
/// `tsd_once_begin` gave [`RUN`] for this frame, on this thread.
#[unsafe(no_mangle)]
unsafe extern "C" fn tsd_once_end(frame: *mut Frame) {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
    threadless::remove(frame);
    // SAFETY: the caller's word.
    unsafe { raw::end_once(key_space(), &(*frame).once) };
}

/// Gives back the control of a routine that the calling thread will not return to.
///
/// # Safety
///
/// `control` is NULL or valid, and if the calling thread is in its routine, that does not go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_once_cancel(control: *const Once) -> c_int {
    // SAFETY: the caller's word.
    match unsafe { control.as_ref() } {
        // SAFETY: the caller's word; frames are on the stack, which is still whole.
        Some(control) if unsafe { key_space().cancel_once(control) } => 0,
        _ => EINVAL,
    }
}

/// The unwinder's second pass: it is about to remove frames.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
const CLEANUP_PHASE: c_int = 2;
/// The unwinder shall go on to the caller's frame.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
const CONTINUE_UNWIND: c_int = 8;

/// The personality routine of `tsd_once`. The initialisers that were begun later on this stack are gone from it
/// already, so the innermost one is that of the frame being unwound: the thread's, or if it is in none, one that runs
/// where no thread is current.
///
/// Itanium C++ ABI, exception handling, 1.6.2 and 2.5.2.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
#[unsafe(no_mangle)]
extern "C" fn tsd_once_unwind(_version: c_int, actions: c_int) -> c_int {
    if actions & CLEANUP_PHASE != 0
        // SAFETY: the unwinder is about to leave the routine.
        && !unsafe { raw::abandon_once(key_space()) }
        && let Some(frame) = threadless::take_innermost()
    {
        // SAFETY: `tsd_once_begin` has put it on the list, and the unwinder removes it now.
        unsafe { raw::abandon_once_frame(key_space(), &(*frame).once) };
    }
    CONTINUE_UNWIND
}

/// Runs `routine` unless a call with this control has completed.
///
/// # Safety
///
/// `control` is NULL or valid as long as the call takes.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_once(control: *const Once, routine: Option<Routine>) -> c_int {
    let mut frame = Frame { once: OnceFrame::new(), next: ptr::null_mut() };
    // SAFETY: the caller's word; the frame outlives the routine.
    let begun = unsafe { tsd_once_begin(control, routine, &mut frame) };
    let Some(routine) = routine else { return begun };
    if begun != RUN {
        return begun;
    }
    // SAFETY: the frame was begun and the routine returns to here.
    unsafe {
        routine();
        tsd_once_end(&mut frame);
    }
    0
}
