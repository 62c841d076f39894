//! The C calls that one member of the archive makes to another.
//!
//! Members are compiled apart, so they meet at their C symbols only.

use core::ffi::{c_int, c_void};

use tsd::{Destructor, ExitFunction, Once};

/// What C calls `void (*)(void)`. No exception may come out of one that Rust code calls.
pub type Routine = unsafe extern "C" fn();

// Safe where any argument is sound.
unsafe extern "C" {
    /// Writes to `key` unless that is NULL.
    pub fn tsd_key_create(key: *mut u32, destructor: Option<Destructor>) -> c_int;
    /// As the member `base` says.
    pub fn tsd_key_create_from(
        key: *mut u32,
        destructor: Option<Destructor>,
        last_phase: bool,
        name: *const u8,
        length: usize,
    ) -> c_int;
    /// Deletes a key.
    pub safe fn tsd_key_delete(key: u32) -> c_int;
    /// The calling thread's value.
    pub safe fn tsd_get(key: u32) -> *mut c_void;
    /// Stores a value that the key's destructor must take.
    pub fn tsd_set(key: u32, value: *const c_void) -> c_int;
    /// Runs `routine` once; both may be NULL, else `control` must be readable and writable.
    pub fn tsd_once(control: *const Once, routine: Option<Routine>) -> c_int;
    /// Registers a function that must be callable with `argument` at the thread's exit.
    pub fn tsd_at_thread_exit(function: Option<ExitFunction>, argument: *mut c_void) -> c_int;
}
