//! The table, and what a kernel can't do without: keys, values, the start and the end of threads.

use core::ffi::{c_char, c_int, c_void};
use core::mem::{align_of, offset_of};
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Acquire, Ordering::Relaxed};

use tsd::{Destructor, Error, ExitFlags, Key, KeyOptions, KeySpace, KeyTable, LEFT_OVER_KEYS, Notifications};

use crate::config::{KEYS, NOTIFICATIONS, ROUNDS};
use crate::thread::{CPort, Thread, current, status};

/// The keys of every C caller.
#[unsafe(export_name = "tsd_table")]
pub static SPACE: KeySpace<CPort, KEYS> = KeySpace::with_table(CPort, KeyTable::new().with_rounds(ROUNDS));

/// The notifications that were registered at run time.
#[unsafe(export_name = "tsd_notifications")]
pub static NOTIFICATIONS_REGISTERED: Notifications<NOTIFICATIONS> = Notifications::new();

/// Takes a thread off the list of the Fls family, which sets it when it first puts one on: so the core does not
/// depend on the family.
#[unsafe(export_name = "tsd_fls_leave")]
pub static FLS_LEAVE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Sizes and offsets for the header's assertions, in the order in which `tsd install` reads them. The section does not
/// get into the archive.
#[unsafe(export_name = "tsd_figures")]
#[unsafe(link_section = ".tsd_figures")]
pub static FIGURES: [u32; 9] = [
    size_of::<Thread>() as u32,
    align_of::<Thread>() as u32,
    offset_of!(Thread, last_error) as u32,
    offset_of!(Thread, fls) as u32,
    offset_of!(Thread, functions) as u32,
    size_of::<Report>() as u32,
    offset_of!(Report, left_over_keys) as u32,
    size_of::<tsd::Once>() as u32,
    size_of::<tsd::Notification>() as u32,
];

/// `tsd_key_options_t`.
#[derive(Debug)]
#[repr(C)]
pub struct Options {
    destructor: Option<Destructor>,
    name: *const c_char,
    flags: u32,
}

/// `TSD_KEY_LAST_PHASE`.
const LAST_PHASE: u32 = 1 << 0;

/// `tsd_exit_report_t`.
#[derive(Debug)]
#[repr(C)]
pub struct Report {
    flags: u32,
    rounds: u32,
    last_phase_rounds: u32,
    calls: u32,
    functions: u32,
    left_over: u32,
    left_over_keys: [u32; LEFT_OVER_KEYS],
}

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
    let words = thread.cast::<AtomicUsize>();
    for index in 0..size_of::<Thread>() / size_of::<usize>() {
        // Atomic stores, because the compiler makes a call to memset of plain ones, which the kernel may not have.
        // Relaxed: whatever starts the thread hands its structure over.
        // SAFETY: inside the structure, by the caller's word; all of it is words and zero is a valid state.
        unsafe { (*words.add(index)).store(0, Relaxed) };
    }
    0
}

/// Sends the attach notifications.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_thread_attach() -> c_int {
    status(SPACE.attach())
}

/// Runs the calling thread's exit.
///
/// # Safety
///
/// `report` is NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_thread_exit(report: *mut Report) {
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
unsafe fn exit(thread: Option<&'static Thread>, report: *mut Report) {
    let done = SPACE.exit();
    if let Some(thread) = thread
        && !done.flags.contains(ExitFlags::ALREADY_EXITING)
        && !thread.fls.back.load(Relaxed).is_null()
    {
        let leave = FLS_LEAVE.load(Acquire);
        // SAFETY: a thread is on the list, so the family has stored its function, of this type.
        unsafe { core::mem::transmute::<*mut (), extern "C" fn(&Thread)>(leave)(thread) };
    }
    // SAFETY: the caller vouches for the pointer.
    if let Some(report) = unsafe { report.as_mut() } {
        report.flags = done.flags.bits();
        report.rounds = done.rounds;
        report.last_phase_rounds = done.last_phase_rounds;
        report.calls = done.calls;
        report.functions = done.functions;
        report.left_over = done.left_over;
        let mut keys = done.left_over_keys.iter();
        for place in &mut report.left_over_keys {
            *place = keys.next().map_or(0, |key| key.raw());
        }
    }
}

/// Creates a key.
///
/// # Safety
///
/// `key` is NULL or valid for writes. `destructor` must be callable with the values that will be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_key_create(key: *mut u32, destructor: Option<Destructor>) -> c_int {
    // SAFETY: the caller's word.
    unsafe { create(key, destructor, KeyOptions::new()) }
}

/// Creates a key with a name and a phase.
///
/// # Safety
///
/// As [`tsd_key_create`]; `options` is NULL or readable, and its name NULL or a string that is never changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_key_create_with(key: *mut u32, options: *const Options) -> c_int {
    // SAFETY: the caller's word.
    let Some(Options { destructor, name, flags }) = (unsafe { options.as_ref() }) else {
        return Error::NullPointer.errno();
    };
    // SAFETY: the caller's word.
    let Some(name) = (unsafe { ascii(*name) }) else { return tsd::EINVAL };
    let options = match *flags {
        0 => KeyOptions::new().name(name),
        LAST_PHASE => KeyOptions::new().name(name).last_phase(),
        _ => return tsd::EINVAL,
    };
    // SAFETY: the caller's word.
    unsafe { create(key, *destructor, options) }
}

/// # Safety
///
/// As [`tsd_key_create`].
unsafe fn create(key: *mut u32, destructor: Option<Destructor>, options: KeyOptions) -> c_int {
    if key.is_null() {
        return Error::NullPointer.errno();
    }
    let options = match destructor {
        Some(destructor) => options.destructor(destructor),
        None => options,
    };
    match SPACE.create_with(options) {
        Ok(created) => {
            // SAFETY: not NULL, so valid for writes by the caller's word.
            unsafe { key.write(created.raw()) };
            0
        }
        Err(error) => error.errno(),
    }
}

/// A C string as Rust's, if it is ASCII: more would need tables.
///
/// # Safety
///
/// `name` is NULL or a string that is never changed.
unsafe fn ascii(name: *const c_char) -> Option<&'static str> {
    if name.is_null() {
        return Some("");
    }
    let mut length = 0;
    loop {
        // SAFETY: not behind the terminator.
        match unsafe { *name.cast::<u8>().add(length) } {
            0 => break,
            byte if byte.is_ascii() => length += 1,
            _ => return None,
        }
    }
    // SAFETY: so many bytes were read, all ASCII, which is UTF-8.
    Some(unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(name.cast(), length)) })
}

/// Deletes a key.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_key_delete(key: u32) -> c_int {
    status(SPACE.delete(Key::from_raw(key)))
}

/// The calling thread's value.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_get(key: u32) -> *mut c_void {
    SPACE.get(Key::from_raw(key))
}

/// Stores the calling thread's value.
///
/// # Safety
///
/// The key's destructor must be callable with `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_set(key: u32, value: *const c_void) -> c_int {
    // SAFETY: the caller's word.
    status(unsafe { SPACE.set(Key::from_raw(key), value.cast_mut()) })
}
