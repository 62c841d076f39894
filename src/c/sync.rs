//! The atomics of words that are read and written in one step: `core`'s, or on CPUs without compare-and-swap the
//! library's, whose steps are critical sections of the kernel's.
//!
//! Words that are only loaded and stored are `core`'s on every CPU, since each has instructions for that.

#[cfg(target_has_atomic = "ptr")]
pub use core::sync::atomic::{AtomicPtr, AtomicUsize};
pub use tsd::AtomicU32;
#[cfg(not(target_has_atomic = "ptr"))]
pub use tsd::{AtomicPtr, AtomicUsize};
