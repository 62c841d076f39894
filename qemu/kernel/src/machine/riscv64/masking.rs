//! Interrupt masking: the SIE bit of sstatus.
//!
//! Reference: RISC-V Instruction Set Manual, volume II, "Supervisor Status (sstatus) Register".
//!
//! The reasons for the options of `asm!`, which are the same in each function: `nostack`, since no instruction here
//! pushes. No `nomem`: memory accesses must not be moved out of the masked section.

use core::arch::asm;

/// `sstatus.SIE`: set while interrupts are unmasked.
const ENABLED: usize = 1 << 1;

/// What [`save_and_disable`] found: whether interrupts were unmasked.
#[derive(Clone, Copy, Debug)]
#[must_use = "interrupts stay masked until the state is given to `restore`"]
pub(crate) struct InterruptState(usize);

/// Masks interrupts on this CPU and returns the state before.
#[inline]
pub(crate) fn save_and_disable() -> InterruptState {
    let status: usize;
    // SAFETY: Masking interrupts breaks no memory safety. No `nomem`: accesses stay inside the section.
    unsafe {
        asm!("csrrci {}, sstatus, {}", out(reg) status, const ENABLED, options(nostack));
    }
    InterruptState(status & ENABLED)
}

/// Puts back the state that [`save_and_disable`] returned. Calls nest when they are undone in reverse.
///
/// # Safety
///
/// 1. `state` is from this CPU's matching [`save_and_disable`].
/// 2. Where it unmasks interrupts, the code that follows may be interrupted.
#[inline]
pub(crate) unsafe fn restore(state: InterruptState) {
    // SAFETY: One bit is set, if it was before. No `nomem`: accesses stay inside the masked section.
    unsafe {
        asm!("csrs sstatus, {}", in(reg) state.0, options(nostack));
    }
}

/// Unmasks interrupts on this CPU.
pub(crate) fn enable() {
    // SAFETY: The vectors are installed before the first call.
    unsafe {
        asm!("csrsi sstatus, {}", const ENABLED, options(nostack));
    }
}

/// Masks interrupts on this CPU.
pub(crate) fn disable() {
    let _enabled_by_caller = save_and_disable();
}

/// Returns whether interrupts are unmasked on this CPU.
pub(crate) fn are_enabled() -> bool {
    let status: usize;
    // SAFETY: Reading sstatus has no side effect. No `nomem`, so that the answer is not taken from before a masked
    // section.
    unsafe {
        asm!("csrr {}, sstatus", out(reg) status, options(nostack));
    }
    status & ENABLED != 0
}
