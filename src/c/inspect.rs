//! Who owns the keys, and what a thread has under them: for debuggers and panic dumps.

use core::ffi::{c_int, c_void};
use core::ptr;

use tsd::{Destructor, Key, KeyInfo};

use crate::config::KEYS;
use crate::key_space::key_space;
use crate::thread::Thread;

/// `tsd_key_info_t`.
#[derive(Debug)]
#[repr(C)]
pub struct Info {
    key: u32,
    flags: u32,
    destructor: Option<Destructor>,
    name: *const u8,
}

/// The number of live keys.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_keys_in_use() -> u32 {
    key_space().table().in_use() as u32
}

/// The largest number of keys that were ever live at once.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_keys_high_water() -> u32 {
    key_space().table().high_water() as u32
}

/// The number of indexes that have used up their generations.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_keys_retired() -> u32 {
    key_space().table().retired() as u32
}

/// The next live key at or after `*cursor`; 0 when there is none.
///
/// # Safety
///
/// The pointers are NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_key_next(cursor: *mut u32, info: *mut Info) -> c_int {
    // SAFETY: the caller's word.
    let (Some(cursor), Some(out)) = (unsafe { cursor.as_mut() }, unsafe { info.as_mut() }) else { return 0 };
    match next(cursor) {
        Some(info) => fill(out, &info),
        None => return 0,
    }
    1
}

/// The next live key at or after `*cursor` under which `thread` has a value.
///
/// # Safety
///
/// The pointers are NULL or valid, `thread` for reads and the others for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_value_next(
    thread: *const Thread,
    cursor: *mut u32,
    info: *mut Info,
    value: *mut *mut c_void,
) -> c_int {
    // SAFETY: the caller's word.
    let (Some(thread), Some(cursor)) = (unsafe { thread.as_ref() }, unsafe { cursor.as_mut() }) else { return 0 };
    // SAFETY: the caller's word.
    let (Some(out), Some(value)) = (unsafe { info.as_mut() }, unsafe { value.as_mut() }) else { return 0 };
    while let Some(info) = next(cursor) {
        *value = key_space().table().get(&thread.slots, info.key);
        if !value.is_null() {
            fill(out, &info);
            return 1;
        }
    }
    0
}

/// The value of any thread.
///
/// # Safety
///
/// `thread` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_thread_get(thread: *const Thread, key: u32) -> *mut c_void {
    // SAFETY: the caller's word.
    match unsafe { thread.as_ref() } {
        Some(thread) => key_space().table().get(&thread.slots, Key::from_raw(key)),
        None => ptr::null_mut(),
    }
}

/// The key whose destructor a thread is in, and the round; 0 if in none.
///
/// # Safety
///
/// `thread` is NULL or readable, `round` NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_thread_destructor(thread: *const Thread, round: *mut u32) -> u32 {
    // SAFETY: the caller's word.
    let current = unsafe { thread.as_ref() }.and_then(|thread| thread.slots.current_destructor());
    let (key, number) = current.unwrap_or_default();
    // SAFETY: the caller's word.
    if let Some(round) = unsafe { round.as_mut() } {
        *round = number;
    }
    key.raw()
}

/// Deletes the keys whose destructors lie in an address range; how many there were.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_keys_purge(start: *const (), end: *const ()) -> u32 {
    key_space().table().purge(start..end) as u32
}

/// Whether a thread is in its exit.
///
/// # Safety
///
/// `thread` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_thread_is_exiting(thread: *const Thread) -> c_int {
    // SAFETY: the caller's word.
    unsafe { thread.as_ref() }.is_some_and(|thread| thread.slots.is_exiting()).into()
}

fn next(cursor: &mut u32) -> Option<KeyInfo> {
    while (*cursor as usize) < KEYS {
        let index = *cursor as usize;
        *cursor += 1;
        if let Some(info) = key_space().table().info(index) {
            return Some(info);
        }
    }
    None
}

fn fill(out: &mut Info, info: &KeyInfo) {
    // A name that came from C has its terminator after it; the empty one is Rust's and has none.
    let name = if info.name.is_empty() { c"".as_ptr().cast() } else { info.name.as_ptr() };
    *out = Info { key: info.key.raw(), flags: info.flags.bits(), destructor: info.destructor, name };
}
