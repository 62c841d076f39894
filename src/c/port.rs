//! The port by which the library finds the current thread, and what else all calls need of it.

use core::ffi::c_int;
#[cfg(not(minimal))]
use core::sync::atomic::Ordering::Relaxed;

#[cfg(not(minimal))]
use tsd::ExitFunctionList;
#[cfg(feature = "notifications")]
use tsd::NotificationList;
use tsd::{Error, Port, Slots};

use crate::config::KEYS;
use crate::hooks;
use crate::sync::AtomicU32;
use crate::thread::Thread;

#[cfg(all(thread_pointer, target_arch = "aarch64"))]
#[path = "../../arch/aarch64/pointer.rs"]
mod arch;
#[cfg(all(thread_pointer, target_arch = "arm"))]
#[path = "../../arch/armv7a/pointer.rs"]
mod arch;
#[cfg(all(thread_pointer, target_arch = "riscv64"))]
#[path = "../../arch/riscv64/pointer.rs"]
mod arch;
#[cfg(all(thread_pointer, any(target_arch = "x86_64", target_arch = "x86")))]
#[path = "../../arch/x86_64/pointer.rs"]
mod arch;

/// What `arch/` has read, or the pointer at `TSD_THREAD_POINTER_AT` from there: the thread's block, or NULL.
#[cfg(all(thread_pointer, not(any(target_arch = "x86_64", target_arch = "x86"))))]
#[inline(always)]
fn followed(register: *mut u8) -> *mut u8 {
    match option_env!("TSD_THREAD_POINTER_AT") {
        // SAFETY: who installs the archive for a thread pointer says that the word is there.
        Some(at) => unsafe {
            register.byte_add(crate::config::number(Some(at), 0) as usize).cast::<*mut u8>().read_volatile()
        },
        None => register,
    }
}

/// The thread that the kernel's hook names, or to which the thread pointer leads, if there is one.
#[inline]
pub fn current() -> Option<&'static Thread> {
    // SAFETY: the header demands of the hook what `Port` demands: NULL, or the initialised structure of the calling
    // thread, which outlives every call that the thread makes.
    #[cfg(not(thread_pointer))]
    unsafe {
        hooks::tsd_current().as_ref()
    }
    // SAFETY: the header demands the same of the thread pointer.
    #[cfg(thread_pointer)]
    unsafe {
        const OFFSET: usize = crate::config::number(Some(env!("TSD_THREAD_POINTER_OFFSET")), 0) as usize;
        let block = arch::block();
        if block.is_null() { None } else { Some(&*block.byte_add(OFFSET).cast::<Thread>()) }
    }
}

/// Win32's last error of the calling thread, where there is one.
#[cfg(not(minimal))]
#[inline]
pub fn set_last_error(error: u32) {
    if let Some(thread) = current() {
        // Relaxed: of this thread and its interrupts only.
        thread.last_error.store(error, Relaxed);
    }
}

/// What C functions of the core return: 0 or an error number.
#[inline]
pub fn status(result: Result<(), Error>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => error.errno(),
    }
}

/// The port of the C table: the kernel's hooks.
#[derive(Debug)]
pub struct CPort;

// SAFETY: see `current`; the header passes the duties on to the hook's author.
unsafe impl Port for CPort {
    type Slots = Slots<KEYS>;

    #[inline]
    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        current().map(|thread| &thread.slots)
    }

    #[cfg(not(minimal))]
    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        current().map(|thread| thread.functions.as_list())
    }

    #[cfg(feature = "notifications")]
    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(crate::notification_list::list())
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        hooks::tsd_wait(word, expected);
    }

    fn wake(&self, word: &AtomicU32) {
        hooks::tsd_wake(word);
    }
}
