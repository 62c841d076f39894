//! The shared suite: what every implementation must do, run on the host and in the images by the same code.
//!
//! A case is a function that panics when the behaviour is not there. It is generic over the [`Platform`] that it runs
//! on: threads, time, interrupts, and a key space with the platform's port. Cases that need neither port nor threads
//! make tables and slots of their own.
#![no_std]

/// The atomics that cases and platforms share: `core`'s, or portable-atomic's on CPUs without compare-and-swap.
pub mod atomic {
    #[cfg(target_has_atomic = "ptr")]
    pub use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, Ordering};
    #[cfg(not(target_has_atomic = "ptr"))]
    pub use portable_atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, Ordering};
}
mod cases;
mod local;
mod platform;
mod record;
mod threads;

pub use cases::{CASES, Case, Suite};
pub use platform::{ARENA, EXIT_FUNCTIONS, KEYS, NOTIFICATIONS, Needs, Platform, Priority, Start};
pub use record::{KeyCell, Loan, Log, value};
pub use threads::{Counter, Line, exit_of, in_threads, wait_until};
