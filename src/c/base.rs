//! What a kernel can't do without: keys, values, the start of threads. Their end is in `thread_exit`, or `minimal`.

use core::ffi::{c_int, c_void};
use core::mem::{align_of, offset_of};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tsd::{Destructor, Error, ExitReport, Key, KeyOptions, KeySpace};

use crate::key_space::key_space;
use crate::port::{CPort, status};
use crate::thread::Thread;

/// Sizes and offsets for the header's assertions, and whether it declares the hooks of the critical section, in the order
/// in which `tsd install` reads them. The section does not get into the archive.
#[unsafe(export_name = "tsd_figures")]
#[unsafe(link_section = ".tsd_figures")]
pub static FIGURES: [u32; 11] = [
    size_of::<Thread>() as u32,
    align_of::<Thread>() as u32,
    // 0 where there is no such field.
    #[cfg(not(minimal))]
    {
        offset_of!(Thread, last_error) as u32
    },
    #[cfg(not(minimal))]
    {
        offset_of!(Thread, fls) as u32
    },
    #[cfg(not(minimal))]
    {
        offset_of!(Thread, functions) as u32
    },
    #[cfg(minimal)]
    0,
    #[cfg(minimal)]
    0,
    #[cfg(minimal)]
    0,
    size_of::<ExitReport>() as u32,
    offset_of!(ExitReport, left_over_keys) as u32,
    size_of::<tsd::Once>() as u32,
    size_of::<tsd::Notification>() as u32,
    size_of::<KeySpace<CPort>>() as u32,
    cfg!(not(target_has_atomic = "ptr")) as u32,
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
    #[cfg(not(minimal))]
    crate::thread_exit::tell_fls(thread, crate::thread::FlsEvent::Initialises);
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
pub(crate) unsafe fn zero(start: *const AtomicU32, size: usize) {
    for index in 0..size / size_of::<u32>() {
        // Relaxed: whoever hands the memory on, orders it.
        // SAFETY: inside, by the caller's word.
        unsafe { (*start.add(index)).store(0, Relaxed) };
    }
}

/// Creates a key.
///
/// # Safety
///
/// `key` is NULL or valid for writes. `destructor` must be callable with the values that will be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_key_create(key: *mut u32, destructor: Option<Destructor>) -> c_int {
    // So that a kernel which links both calls has what they do once.
    #[cfg(not(minimal))]
    // SAFETY: the caller's word, and no name.
    return unsafe { tsd_key_create_from(key, destructor, false, "".as_ptr(), 0) };
    #[cfg(minimal)]
    // SAFETY: the caller's word.
    unsafe {
        create(key, KeyOptions { destructor, ..KeyOptions::new() })
    }
}

/// What both calls that create keys do.
///
/// # Safety
///
/// `key` is NULL or valid for writes; `name` is `length` bytes of UTF-8 that are never changed; the destructor must be
/// callable with the values that will be set.
#[cfg(not(minimal))]
#[unsafe(no_mangle)]
unsafe extern "C" fn tsd_key_create_from(
    key: *mut u32,
    destructor: Option<Destructor>,
    last_phase: bool,
    name: *const u8,
    length: usize,
) -> c_int {
    // SAFETY: the caller's word.
    let name = unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(name, length)) };
    // SAFETY: likewise.
    unsafe { create(key, KeyOptions { destructor, last_phase, name }) }
}

/// # Safety
///
/// As [`tsd_key_create`].
#[inline(always)]
unsafe fn create(key: *mut u32, options: KeyOptions) -> c_int {
    if key.is_null() {
        return Error::NullPointer.errno();
    }
    match key_space().create_with(options) {
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
