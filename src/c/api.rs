//! The C calls that one member of the archive makes to another, and to the kernel.
//!
//! Members are compiled apart, so they meet at their C symbols only.

use core::ffi::{c_int, c_void};
use core::sync::atomic::AtomicU32;

use tsd::{Destructor, ExitFunction, Once};

use crate::thread::Thread;

/// What C calls `void (*)(void)`. No exception may come out of one that Rust code calls.
pub type Routine = unsafe extern "C" fn();

// Safe where any argument is sound.
unsafe extern "C" {
    /// The kernel's hook: the calling thread's structure, or NULL.
    pub safe fn tsd_current() -> *mut Thread;
    /// The kernel's hook: blocks the calling thread while `word` is `expected`.
    pub safe fn tsd_wait(word: &AtomicU32, expected: u32);
    /// The kernel's hook: wakes who waits on `word`.
    pub safe fn tsd_wake(word: &AtomicU32);

    /// Writes to `key` unless that is NULL.
    pub fn tsd_key_create(key: *mut u32, destructor: Option<Destructor>) -> c_int;
    /// As the member `core` says.
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

#[cfg(feature = "core")]
pub use crate::wake::wake;
#[cfg(not(feature = "core"))]
pub use tsd_wake as wake;

#[cfg(feature = "core")]
pub use crate::space::{DETACH, LEAVE_FLS};
#[cfg(feature = "table")]
pub use crate::table::SPACE;

// The statics of the members `core` and `table`, as other members see them. Not C's types, but every member is compiled
// from the same source by the same compiler.
#[cfg(not(feature = "table"))]
#[allow(improper_ctypes)]
unsafe extern "C" {
    /// The key table and its port.
    #[link_name = "tsd_table"]
    pub safe static SPACE: tsd::KeySpace<crate::thread::CPort>;
}

#[cfg(not(feature = "core"))]
unsafe extern "C" {
    /// Takes a thread off the list of the Fls family.
    #[link_name = "tsd_leave_fls"]
    pub safe static LEAVE_FLS: core::sync::atomic::AtomicPtr<()>;
    /// Sends the detach notifications.
    #[link_name = "tsd_detach"]
    pub safe static DETACH: core::sync::atomic::AtomicPtr<()>;
}
