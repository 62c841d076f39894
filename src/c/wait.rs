//! The default of the kernel's hook `tsd_wait`, weak: it relaxes until the word changes. A kernel with priorities
//! needs its own, or a waiter of higher priority starves the thread that it waits for.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Waits while `word` holds `expected`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_wait(word: &AtomicU32, expected: u32) {
    // Relaxed: the caller looks at the word again, with the ordering that it needs.
    while word.load(Relaxed) == expected {
        core::hint::spin_loop();
    }
}
