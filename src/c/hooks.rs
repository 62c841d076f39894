//! What the core calls and others provide: the kernel's hooks, and those by which a family is told of threads.

use core::ffi::{c_int, c_void};
#[cfg(not(minimal))]
use core::sync::atomic::AtomicPtr;

use tsd::ExitReport;

#[cfg(not(minimal))]
use crate::address::address_of;
use crate::sync::AtomicU32;
use crate::thread::Thread;

/// What the member `exit_functions` does in a thread's exit.
pub type ExitFunctionsFunction = extern "C" fn(&mut ExitReport);

// Safe where any argument is sound.
unsafe extern "C" {
    /// The kernel's hook: the calling thread's structure, or NULL.
    pub safe fn tsd_current() -> *mut Thread;
    /// The kernel's hook: blocks the calling thread while `word` is `expected`.
    pub safe fn tsd_wait(word: &AtomicU32, expected: u32);
    /// The kernel's hook: wakes whoever waits on `word`.
    pub safe fn tsd_wake(word: &AtomicU32);
    /// The kernel's hook: `size` bytes of memory, aligned for pointers; or NULL.
    pub safe fn tsd_allocate(size: usize) -> *mut c_void;
    /// The kernel's hook that takes such memory back.
    pub fn tsd_free(memory: *mut c_void);
    /// The kernel's hook on CPUs without compare-and-swap: enters the critical section; what
    /// [`tsd_critical_release`] restores.
    #[cfg(not(target_has_atomic = "ptr"))]
    pub safe fn tsd_critical_acquire() -> usize;
    /// The kernel's hook that leaves it, with what the other one gave.
    #[cfg(not(target_has_atomic = "ptr"))]
    pub fn tsd_critical_release(state: usize);
    /// The kernel's hook where a `thread_local` variable has no memory: what the program gets for its address.
    pub safe fn tsd_thread_local_failed(error: c_int, size: usize, alignment: usize) -> *mut c_void;
}

/// Declares statics of the member `base`, as it has them and as other members see them, and a function for each that
/// gives it.
#[cfg(not(minimal))]
macro_rules! statics_of_base {
    ($($(#[$attribute:meta])* $symbol:literal $name:ident $function:ident;)*) => {$(
        #[cfg(feature = "base")]
        #[unsafe(export_name = $symbol)]
        static $name: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

        #[cfg(not(feature = "base"))]
        unsafe extern "C" {
            #[link_name = $symbol]
            safe static $name: AtomicPtr<()>;
        }

        $(#[$attribute])*
        #[inline]
        pub fn $function() -> &'static AtomicPtr<()> {
            let address: *const AtomicPtr<()> = address_of!($name);
            // SAFETY: a static's, of this type.
            unsafe { &*address }
        }
    )*};
}

#[cfg(not(minimal))]
statics_of_base! {
    /// Tells the Fls family of a thread: an [`FlsFunction`](crate::thread::FlsFunction). That family sets it before it
    /// has a thread to be told of: so the core does not depend on the family.
    "tsd_leave_fls" LEAVE_FLS leave_fls;
    /// Sends the detach notifications: an `extern "C" fn()`. Set when a thread is first attached: so the core does not
    /// depend on notifications.
    "tsd_detach" DETACH detach;
    /// Gives back the controls of the initialisers that the calling thread is in: an `extern "C" fn()`. Set before an
    /// initialiser is called.
    "tsd_abandon" ABANDON abandon;
    /// Runs the calling thread's exit functions: an [`ExitFunctionsFunction`]. Set before one is registered.
    "tsd_exit_functions" EXIT_FUNCTIONS exit_functions;
}
