//! What a kernel can't do without: keys, values, the start and the end of threads.

use core::ffi::{c_int, c_void};
use core::mem::{MaybeUninit, align_of, offset_of, transmute};
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed},
};

use tsd::{Destructor, Error, ExitFlags, ExitReport, Key, KeyOptions, KeySpace, Slots, raw};

use crate::config::KEYS;
use crate::hooks::{ExitFunctionsFunction, abandon, detach, exit_functions, leave_fls};
use crate::key_space::key_space;
use crate::port::{CPort, current, status};
use crate::thread::{FlsEvent, FlsFunction, Thread};

/// Sizes and offsets for the header's assertions, in the order in which `tsd install` reads them. The section does not
/// get into the archive.
#[unsafe(export_name = "tsd_figures")]
#[unsafe(link_section = ".tsd_figures")]
pub static FIGURES: [u32; 10] = [
    size_of::<Thread>() as u32,
    align_of::<Thread>() as u32,
    offset_of!(Thread, last_error) as u32,
    offset_of!(Thread, fls) as u32,
    offset_of!(Thread, functions) as u32,
    size_of::<ExitReport>() as u32,
    offset_of!(ExitReport, left_over_keys) as u32,
    size_of::<tsd::Once>() as u32,
    size_of::<tsd::Notification>() as u32,
    size_of::<KeySpace<CPort>>() as u32,
];

/// Makes the memory of a thread a thread that has set nothing.
///
/// # Safety
///
/// `thread` is NULL, or valid for writes and used by nobody else meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_thread_init(thread: *mut Thread) -> c_int {
    if thread.is_null() {
        return Error::NullPointer.errno();
    }
    // The thread that had the memory may have ended with no exit.
    tell_fls(thread, FlsEvent::Initialises);
    // SAFETY: the caller vouches for the pointer, and all zero bytes are a thread.
    unsafe { zero(thread.cast(), size_of::<Thread>()) };
    0
}

/// Zeroes `size` bytes at `start`.
///
/// With atomic stores, because the compiler makes a call to memset of plain ones, which the kernel may not have.
///
/// # Safety
///
/// The bytes are valid for writes, in words of 32 bits, and used by nobody else meanwhile.
#[inline]
unsafe fn zero(start: *const AtomicU32, size: usize) {
    for index in 0..size / size_of::<u32>() {
        // Relaxed: whoever hands the memory on, orders it.
        // SAFETY: inside, by the caller's word.
        unsafe { (*start.add(index)).store(0, Relaxed) };
    }
}

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
    fn begin(&self, slots: &Slots<KEYS>, detaches: bool) {
        if raw::is_initialising(slots) {
            // SAFETY: `once` has stored its function, of this type, before the thread was in an initialiser.
            unsafe { transmute::<*mut (), extern "C" fn()>(abandon().load(Acquire))() };
        }
        if detaches {
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
fn tell_fls(thread: *const Thread, event: FlsEvent) {
    // Acquire: pairs with the Release in `fls::enter`.
    let function = leave_fls().load(Acquire);
    if !function.is_null() {
        // SAFETY: the family has stored its function, of this type.
        unsafe { transmute::<*mut (), FlsFunction>(function)(thread, event) };
    }
}

/// Creates a key.
///
/// # Safety
///
/// `key` is NULL or valid for writes. `destructor` must be callable with the values that will be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_key_create(key: *mut u32, destructor: Option<Destructor>) -> c_int {
    // SAFETY: the caller's word, and no name.
    unsafe { tsd_key_create_from(key, destructor, false, "".as_ptr(), 0) }
}

/// What both calls that create keys do.
///
/// # Safety
///
/// `key` is NULL or valid for writes; `name` is `length` bytes of UTF-8 that are never changed; the destructor must be
/// callable with the values that will be set.
#[unsafe(no_mangle)]
unsafe extern "C" fn tsd_key_create_from(
    key: *mut u32,
    destructor: Option<Destructor>,
    last_phase: bool,
    name: *const u8,
    length: usize,
) -> c_int {
    if key.is_null() {
        return Error::NullPointer.errno();
    }
    // SAFETY: the caller's word.
    let name = unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(name, length)) };
    match key_space().create_with(KeyOptions { destructor, last_phase, name }) {
        Ok(created) => {
            // SAFETY: not NULL, so valid for writes by the caller's word.
            unsafe { key.write(created.raw()) };
            0
        }
        Err(error) => error.errno(),
    }
}

/// Deletes a key.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_key_delete(key: u32) -> c_int {
    status(key_space().delete(Key::from_raw(key)))
}

/// The calling thread's value.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_get(key: u32) -> *mut c_void {
    key_space().get(Key::from_raw(key))
}

/// Stores the calling thread's value.
///
/// # Safety
///
/// The key's destructor must be callable with `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_set(key: u32, value: *const c_void) -> c_int {
    // SAFETY: the caller's word.
    status(unsafe { key_space().set(Key::from_raw(key), value.cast_mut()) })
}
