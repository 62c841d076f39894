//! How much of everything a thread and the kernel embed: chosen when the kernel is built.

// The suite runs on this kernel's key space, so both have the same capacities.
pub(crate) use tsd_suite::{ARENA, EXIT_FUNCTIONS, KEYS, NOTIFICATIONS};
