//! The storm: threads that come, go and are killed on all CPUs while keys are created and deleted, and each value is
//! accounted for. The same code on the host and in the images.
//!
//! - [`StormPlatform`]  what it asks of the platform beyond what cases ask
//! - [`Event`]          what is counted; an event the storm exists for must have come
//! - `random`           decisions from a seed
//! - `keys`             what is known of each key, and the board on which threads find keys
//! - `worker_record`    what is known of a worker: its values and thread-exit functions
//! - `destructors`      what runs at thread exit, and what it checks
//! - `worker`           what a worker does
//! - `account`          its account when it has ended
//! - `churn`            threads that create and delete keys
//! - `module`           a thread that loads and unloads code that has keys with destructors
//! - `spawner`          threads that start, kill, reap, join and detach workers
//! - [`Storm`]          all of them together, from the first thread to the last account
//!
//! Times are tickets from one counter that every CPU draws from, so "deleted before the exit began" is a comparison. A
//! check fails by a panic, on the thread that saw it.
#![no_std]

mod account;
mod churn;
mod counts;
mod destructors;
mod keys;
mod module;
mod platform;
mod random;
mod spawner;
mod storm;
mod worker;
mod worker_record;

pub use account::at_end;
pub use counts::{Event, Needed};
pub use platform::{Ending, StormPlatform};
pub use storm::Storm;
