//! Interrupt masking: the I bit of DAIF.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), C5.2 "Special-purpose registers" (`DAIF`).
//!
//! The reasons for the options of `asm!`, which are the same in each function: `nostack`, since no instruction here
//! pushes; `preserves_flags`, since `MRS` and `MSR` of DAIF leave NZCV alone. No `nomem`: memory accesses must not be
//! moved out of the masked section.

use core::arch::asm;

/// What [`save_and_disable`] found: whether interrupts were unmasked, kept as the DAIF flags.
#[derive(Clone, Copy, Debug)]
#[must_use = "interrupts stay masked until the state is given to `restore`"]
pub(crate) struct InterruptState(u64);

impl InterruptState {
    /// `PSTATE.I` in the layout of the DAIF register: set while interrupts are masked.
    const MASKED: u64 = 1 << 7;

    /// Returns the state of this CPU now and changes nothing.
    #[inline]
    pub(crate) fn current() -> Self {
        let flags;
        // SAFETY: Reading DAIF has no side effect; the module's functions are for EL1. No `nomem`, so
        // that the answer is not taken from before a masked section.
        unsafe {
            asm!("mrs {}, daif", out(reg) flags, options(nostack, preserves_flags));
        }
        Self(flags)
    }

    /// Returns whether interrupts were unmasked.
    #[inline]
    #[must_use]
    pub(crate) fn was_enabled(self) -> bool {
        self.0 & Self::MASKED == 0
    }
}

/// Masks interrupts (IRQ) on this CPU and returns the state before.
#[inline]
pub(crate) fn save_and_disable() -> InterruptState {
    let state = InterruptState::current();
    // SAFETY: Masking interrupts breaks no memory safety. No `nomem`: accesses stay inside the section.
    unsafe {
        asm!("msr daifset, #2", options(nostack, preserves_flags));
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
    // SAFETY: The flags were read from DAIF. No `nomem`: accesses stay inside the masked section.
    unsafe {
        asm!("msr daif, {}", in(reg) state.0, options(nostack, preserves_flags));
    }
}

/// Unmasks interrupts on this CPU.
pub(crate) fn enable() {
    // SAFETY: The vectors are installed before the first call.
    unsafe {
        asm!("msr daifclr, #2", options(nostack, preserves_flags));
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
