//! The end of a thread, with all that other members of the archive have it do.

use core::mem::{MaybeUninit, transmute};
use core::sync::atomic::Ordering::Acquire;

use tsd::{ExitFlags, ExitReport, Slots, raw};

use crate::base::zero;
use crate::config::KEYS;
use crate::hooks::{ExitFunctionsFunction, abandon, detach, exit_functions, leave_fls};
use crate::key_space::key_space;
use crate::port::current;
use crate::thread::{FlsEvent, FlsFunction, Thread};

/// Runs the calling thread's exit.
///
/// # Safety
///
/// `report` is NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_thread_exit(report: *mut ExitReport) {
    match current() {
        // Nothing to do is the common case: not even a report is made, if nobody wants one.
        Some(thread) if report.is_null() && thread.slots.is_idle() => {}
        // SAFETY: the caller vouches for the pointer.
        thread => unsafe { exit(thread, report) },
    }
}

/// # Safety
///
/// As [`tsd_thread_exit`].
#[cold]
unsafe fn exit(thread: Option<&'static Thread>, report: *mut ExitReport) {
    let mut unwanted = MaybeUninit::uninit();
    // SAFETY: the caller's word.
    let report = unsafe { cleared(report, &mut unwanted) };
    if let Some(thread) = thread.filter(|thread| thread.fls.is_used() && !thread.slots.is_exiting()) {
        tell_fls(thread, FlsEvent::Exits);
    }
    // SAFETY: the header asks of the caller what the call does.
    unsafe { finish(report) };
    tell_fls_of_end(thread, report);
}

/// Runs the exit of a thread that never runs again, whose structure the kernel's hook gives meanwhile; finishes one
/// that was cut short.
///
/// # Safety
///
/// As [`tsd_thread_exit`]; and what the header asks for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_thread_reap(report: *mut ExitReport) {
    let thread = current();
    let mut unwanted = MaybeUninit::uninit();
    // SAFETY: the caller's word.
    let report = unsafe { cleared(report, &mut unwanted) };
    if let Some(thread) = thread.filter(|thread| thread.fls.is_used()) {
        tell_fls(thread, FlsEvent::Exits);
    }
    // Acquire: pairs with the Release in `exit_functions`.
    let has_functions = !exit_functions().load(Acquire).is_null();
    // SAFETY: the header asks of the caller what the calls do.
    unsafe {
        raw::resume_exit(key_space(), has_functions, report);
        finish(report);
    }
    tell_fls_of_end(thread, report);
}

/// The caller's report, or one that nobody wants, cleared.
///
/// # Safety
///
/// `report` is NULL or valid for writes.
unsafe fn cleared(report: *mut ExitReport, unwanted: &mut MaybeUninit<ExitReport>) -> &mut ExitReport {
    let report = if report.is_null() { unwanted.as_mut_ptr() } else { report };
    // SAFETY: a variable, or the caller vouches for the pointer; all zero bytes are a report.
    unsafe {
        zero(report.cast(), size_of::<ExitReport>());
        &mut *report
    }
}

/// What exit and reap have in common, but for the Fls family.
///
/// Never inlined, so that a kernel which calls both has it once.
///
/// # Safety
///
/// As [`tsd_thread_exit`].
#[inline(never)]
unsafe fn finish(report: &mut ExitReport) {
    // SAFETY: the caller's word.
    unsafe { raw::exit_with(key_space(), &LinkedDuties, report) };
}

/// Tells the Fls family that an exit is over: once more, since a destructor may have been the first to set an Fls value.
#[inline(always)]
fn tell_fls_of_end(thread: Option<&'static Thread>, report: &ExitReport) {
    if let Some(thread) = thread.filter(|thread| thread.fls.is_used())
        && !report.flags.contains(ExitFlags::ALREADY_EXITING)
    {
        tell_fls(thread, FlsEvent::HasExited);
    }
}

/// What other members have a thread's exit do: those that the kernel has linked, and called on the thread.
struct LinkedDuties;

impl raw::ExitDuties<KEYS> for LinkedDuties {
    fn begin(&self, slots: &Slots<KEYS>) {
        if raw::is_initialising(slots) {
            // SAFETY: `once` has stored its function, of this type, before the thread was in an initialiser.
            unsafe { transmute::<*mut (), extern "C" fn()>(abandon().load(Acquire))() };
        }
        if raw::takes_detach(slots) {
            // SAFETY: only threads that were attached come here, so `notifications` has stored its function, of this
            // type.
            unsafe { transmute::<*mut (), extern "C" fn()>(detach().load(Acquire))() };
        }
    }

    fn run_functions(&self, _slots: &Slots<KEYS>, report: &mut ExitReport) {
        // SAFETY: `exit_functions` has stored its function, of this type, before the thread had a function.
        unsafe { transmute::<*mut (), ExitFunctionsFunction>(exit_functions().load(Acquire))(report) };
    }

    fn end(&self) {}
}

/// Tells the Fls family of a thread, if anybody uses the family.
pub(crate) fn tell_fls(thread: *const Thread, event: FlsEvent) {
    // Acquire: pairs with the Release in `fls::enter`.
    let function = leave_fls().load(Acquire);
    if !function.is_null() {
        // SAFETY: the family has stored its function, of this type.
        unsafe { transmute::<*mut (), FlsFunction>(function)(thread, event) };
    }
}
