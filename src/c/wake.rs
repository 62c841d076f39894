//! The default of the kernel's hook `tsd_wake`, weak: who relaxes needs no waking.

use core::sync::atomic::AtomicU32;

/// Wakes who waits on `word`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_wake(_word: &AtomicU32) {}
