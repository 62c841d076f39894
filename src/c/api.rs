//! The C calls that one member of the archive makes to another, and to the kernel.
//!
//! Members are compiled apart, so they meet at their C symbols only.

use core::ffi::{c_int, c_void};
use core::slice;
use core::sync::atomic::AtomicU32;

use tsd::{Destructor, ExitFunction, Notification, NotificationList, Once};

use crate::thread::Thread;

/// What C calls `void (*)(void)`.
pub type Routine = unsafe extern "C-unwind" fn();

// Safe where any argument is sound.
unsafe extern "C" {
    /// The kernel's hook: the calling thread's structure, or NULL.
    pub safe fn tsd_current() -> *mut Thread;
    /// The kernel's, or the default of the member `wait`.
    pub safe fn tsd_wait(word: &AtomicU32, expected: u32);
    /// The kernel's, or the default of the member `wake`.
    pub safe fn tsd_wake(word: &AtomicU32);

    /// Writes to `key` unless that is NULL.
    pub fn tsd_key_create(key: *mut u32, destructor: Option<Destructor>) -> c_int;
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
pub use crate::space::{FLS_LEAVE, NOTIFICATIONS_REGISTERED, SPACE};
#[cfg(not(feature = "core"))]
pub use statics::{FLS_LEAVE, NOTIFICATIONS_REGISTERED, SPACE};

/// The statics of the member `core`, as other members see them.
#[cfg(not(feature = "core"))]
mod statics {
    use core::sync::atomic::AtomicPtr;

    use tsd::{KeySpace, Notifications};

    use crate::config::{KEYS, NOTIFICATIONS};
    use crate::thread::CPort;

    // Not C's types, but every member is compiled from the same source by the same compiler.
    #[allow(improper_ctypes)]
    unsafe extern "C" {
        /// The key table and its port.
        #[link_name = "tsd_table"]
        pub safe static SPACE: KeySpace<CPort, KEYS>;
        /// The notifications registered at run time.
        #[link_name = "tsd_notifications"]
        pub safe static NOTIFICATIONS_REGISTERED: Notifications<NOTIFICATIONS>;
        /// Takes a thread off the list of the Fls family.
        #[link_name = "tsd_fls_leave"]
        pub safe static FLS_LEAVE: AtomicPtr<()>;
    }
}

// The bounds of the table that linkers collect from the section `tsd_notifications`. Weak: without such a section both
// are 0. As data, since the instructions that compute addresses can't reach 0 from everywhere.
#[cfg(feature = "core")]
core::arch::global_asm!(
    ".weak __start_tsd_notifications",
    ".weak __stop_tsd_notifications",
    ".pushsection .data.rel.ro.tsd_notification_bounds,\"aw\",%progbits",
    ".balign {size}",
    ".globl tsd_notification_bounds",
    "tsd_notification_bounds:",
    ".{size}byte __start_tsd_notifications",
    ".{size}byte __stop_tsd_notifications",
    ".size tsd_notification_bounds, 2 * {size}",
    ".popsection",
    size = const size_of::<usize>(),
);

unsafe extern "C" {
    #[link_name = "tsd_notification_bounds"]
    safe static BOUNDS: [usize; 2];
}

/// The notifications of the linker's table and those registered.
pub fn notifications() -> NotificationList<'static> {
    let [start, stop] = BOUNDS;
    let list = NOTIFICATIONS_REGISTERED.as_list();
    if start == stop {
        return list;
    }
    let first = core::ptr::with_exposed_provenance::<Notification>(start);
    // SAFETY: the section consists of what the header's TSD_NOTIFICATION puts there, for the whole run.
    list.with_fixed(unsafe { slice::from_raw_parts(first, (stop - start) / size_of::<Notification>()) })
}
