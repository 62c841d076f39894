//! Keys with a name and a phase.

use core::ffi::{c_char, c_int};

use tsd::{Destructor, errno::EINVAL};

use crate::calls;

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

/// Creates a key with a name and a phase.
///
/// # Safety
///
/// As `tsd_key_create`; `options` is NULL or readable, and its name NULL or a string that is never changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_key_create_with(key: *mut u32, options: *const Options) -> c_int {
    // SAFETY: the caller's word.
    let Some(&Options { destructor, name, flags }) = (unsafe { options.as_ref() }) else { return EINVAL };
    // SAFETY: the caller's word.
    let (Some(length), 0 | LAST_PHASE) = (unsafe { ascii_length(name) }, flags) else { return EINVAL };
    // SAFETY: the caller's word; ASCII is UTF-8.
    unsafe { calls::tsd_key_create_from(key, destructor, flags == LAST_PHASE, name.cast(), length) }
}

/// The length of a name, if it is ASCII: more would need tables. 0 for NULL.
///
/// # Safety
///
/// `name` is NULL or a string.
unsafe fn ascii_length(name: *const c_char) -> Option<usize> {
    let mut length = 0;
    while !name.is_null() {
        // SAFETY: not after the terminator.
        match unsafe { *name.cast::<u8>().add(length) } {
            0 => break,
            byte if byte.is_ascii() => length += 1,
            _ => return None,
        }
    }
    Some(length)
}
