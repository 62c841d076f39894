//! Interrupt masking on this CPU.

pub(crate) use super::masking::{InterruptState, are_enabled, disable, enable, restore, save_and_disable};

/// Calls `work` with interrupts masked, so that no other thread runs on this CPU meanwhile.
#[inline]
pub(crate) fn without_interrupts<T>(work: impl FnOnce() -> T) -> T {
    let state = save_and_disable();
    let result = work();
    // SAFETY: The state is from above, on the same CPU since interrupts were masked.
    unsafe { restore(state) };
    result
}
