//! The storm: threads that come, go and are killed on all CPUs while keys are created and deleted, and each value is
//! accounted for. The same code on the host and in the images.
//!
//! - [`StormPlatform`]  what it asks of the place beyond what cases ask
//! - [`Event`]          what is counted; an event the storm exists for must have come
//! - `random`           decisions from a seed
//! - `keys`             what is known of each key, and the board on which threads find keys
//! - `desk`             what is known of a thread: its values and thread-exit functions, and their account at its end
//! - `destructors`      what runs at thread exit, and what it checks
//! - `worker`           what a thread does
//! - `churn`            threads that create and delete keys
//! - `module`       a thread that loads and unloads code that has keys with destructors
//! - `spawner`          threads that start, kill, join and detach the workers
//! - [`Storm`]          all of them together, from the first thread to the last account
//!
//! Times are tickets from one counter that every CPU draws from, so "deleted before the exit began" is a comparison. A
//! check fails by a panic, on the thread that saw it.
#![no_std]

mod churn;
mod counts;
mod desk;
mod destructors;
mod keys;
mod module;
mod platform;
mod random;
mod spawner;
mod storm;
mod worker;

pub use counts::{Event, Needed};
pub use platform::{Ending, StormPlatform};
pub use storm::Storm;
pub use worker::at_end;
