//! Win32's last error, a number of each thread.

use core::sync::atomic::Ordering::Relaxed;

use crate::port::{current, set_last_error};

/// `GetLastError`; 0 where no thread is current.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_GetLastError() -> u32 {
    // Relaxed: of this thread and its interrupts only.
    current().map_or(0, |thread| thread.last_error.load(Relaxed))
}

/// `SetLastError`; without effect where no thread is current.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_SetLastError(error: u32) {
    set_last_error(error);
}
