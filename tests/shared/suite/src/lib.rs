//! The shared suite: what every implementation must do, run on the host and in the images by the same code.
//!
//! A case is a function that panics when the behaviour is not there. It is generic over the [`Platform`] that it runs
//! on: threads, time, interrupts, and a key space with the platform's port. Cases that need neither port nor threads
//! make tables and slots of their own.
#![no_std]

mod cases;
mod local;
mod platform;
mod record;
mod threads;

pub use cases::{CASES, Case, Suite};
pub use platform::{ARENA, EXIT_FUNCTIONS, KEYS, NOTIFICATIONS, Needs, Platform, Priority, Start};
pub use record::{KeyCell, Loan, Log, value};
pub use threads::{Counter, Line, exit_of, in_threads, wait_until};
