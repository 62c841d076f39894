//! Interrupt masking: the interrupt flag of RFLAGS.
//!
//! Reference: Intel SDM volume 2, "PUSHF", "CLI", "STI".
//!
//! The reasons for the options of `asm!`, which are the same in each function: `nostack`, but where the flags are read
//! by way of the stack; `preserves_flags`, since `CLI` and `STI` leave the status flags alone. No `nomem`: memory
//! accesses must not be moved out of the masked section.

use core::arch::asm;

/// What [`save_and_disable`] found: whether interrupts were unmasked, kept as the RFLAGS register.
#[derive(Clone, Copy, Debug)]
#[must_use = "interrupts stay masked until the state is given to `restore`"]
pub(crate) struct InterruptState(u64);

impl InterruptState {
    /// `RFLAGS.IF`: set while interrupts are unmasked.
    const ENABLED: u64 = 1 << 9;

    /// Returns the state of this CPU now and changes nothing.
    #[inline]
    pub(crate) fn current() -> Self {
        let flags;
        // SAFETY: Pushes the flags and pops them again. No `nomem`, so that the answer is not taken
        // from before a masked section; no `nostack`, since it pushes.
        unsafe {
            asm!("pushfq", "pop {}", out(reg) flags, options(preserves_flags));
        }
        Self(flags)
    }

    /// Returns whether interrupts were unmasked.
    #[inline]
    #[must_use]
    pub(crate) fn was_enabled(self) -> bool {
        self.0 & Self::ENABLED != 0
    }
}

/// Masks interrupts on this CPU and returns the state before.
#[inline]
pub(crate) fn save_and_disable() -> InterruptState {
    let state = InterruptState::current();
    // SAFETY: Masking interrupts breaks no memory safety. No `nomem`: accesses stay inside the section.
    unsafe {
        asm!("cli", options(nostack, preserves_flags));
    }
    state
}

/// Puts back the state that [`save_and_disable`] returned. Calls nest when they are undone in reverse.
///
/// # Safety
///
/// 1. `state` is from this CPU's matching [`save_and_disable`].
/// 2. Where it unmasks interrupts, the code that follows may be interrupted.
#[inline]
pub(crate) unsafe fn restore(state: InterruptState) {
    if state.was_enabled() {
        // SAFETY: Interrupts were unmasked before. No `nomem`: accesses stay inside the masked section.
        unsafe {
            asm!("sti", options(nostack, preserves_flags));
        }
    }
}

/// Unmasks interrupts on this CPU.
pub(crate) fn enable() {
    // SAFETY: The vectors are installed before the first call.
    unsafe {
        asm!("sti", options(nostack, preserves_flags));
    }
}

/// Masks interrupts on this CPU.
pub(crate) fn disable() {
    let _enabled_by_caller = save_and_disable();
}

/// Returns whether interrupts are unmasked on this CPU.
pub(crate) fn are_enabled() -> bool {
    InterruptState::current().was_enabled()
}
