//! Fills and compares the vector registers, for the check that a context switch keeps them.
//!
//! The kernel is built without vector registers, so nothing else changes them between the two calls.

use super::this::vector_registers;

/// Fills both halves of vector register n with `seed` + n, and sets the rounding modes from `seed`.
pub(crate) fn load(seed: u64) {
    // SAFETY: Changes vector registers only, which compiled code does not use.
    unsafe { vector_registers::load(seed) }
}

/// Returns whether the registers are still as [`load`] with the same `seed` left them.
pub(crate) fn matches(seed: u64) -> bool {
    // SAFETY: Leaves the vector registers as they were.
    unsafe { vector_registers::compare(seed) == 0 }
}
