//! aarch64: the thread pointer, the CPU pointer and the interrupt state.
//!
//! All that the library knows of this CPU, with the same names as in the other CPUs' modules.
//! The functions are for a kernel at EL1; [`thread_pointer`] also works at EL0.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D19 "AArch64 System Register
//! Descriptions" (`TPIDR_EL0`, `TPIDR_EL1`), C5.2 "Special-purpose registers" (`DAIF`).
//!
//! The reasons for the options of `asm!`, which are the same in each function:
//! - `nomem` on reading the pointer registers: the instruction moves a register and nothing else. It is
//!   left out on writing them, since the block that is pointed to must have been written before, and on
//!   interrupt masking, where memory accesses must not be moved out of the masked section.
//! - `nostack`: no instruction here pushes.
//! - `preserves_flags`: `MRS` and `MSR` of these registers leave NZCV alone.
//! - No `pure`: another thread, or the same one after a migration, reads another value.

use core::arch::asm;

/// Returns the thread pointer, `TPIDR_EL0`: what an ELF thread-local access starts from.
#[inline]
#[must_use]
pub fn thread_pointer() -> *mut u8 {
    let pointer;
    // SAFETY: Reading TPIDR_EL0 has no side effect and is allowed at every exception level.
    unsafe {
        asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// Sets the thread pointer, `TPIDR_EL0`.
///
/// # Safety
///
/// 1. `pointer` is what the code that runs from here on expects: the calling thread's own block, laid
///    out as its ELF thread-local accesses assume, or anything where no such code runs.
/// 2. The kernel keeps the register for the thread across context switches.
#[inline]
pub unsafe fn set_thread_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; the write itself touches no memory.
    unsafe {
        asm!("msr tpidr_el0, {}", in(reg) pointer, options(nostack, preserves_flags));
    }
}

/// Returns the CPU pointer, `TPIDR_EL1`: the kernel's block of per-CPU data.
///
/// A thread that can migrate must mask interrupts for as long as it uses the block.
#[inline]
#[must_use]
pub fn cpu_pointer() -> *mut u8 {
    let pointer;
    // SAFETY: Reading TPIDR_EL1 has no side effect; the module's functions are for EL1.
    unsafe {
        asm!("mrs {}, tpidr_el1", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// Sets the CPU pointer, `TPIDR_EL1`.
///
/// # Safety
///
/// 1. The caller runs at EL1.
/// 2. `pointer` is what the kernel expects to find there on this CPU.
#[inline]
pub unsafe fn set_cpu_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; the write itself touches no memory.
    unsafe {
        asm!("msr tpidr_el1, {}", in(reg) pointer, options(nostack, preserves_flags));
    }
}

/// What [`save_and_disable`] found: whether interrupts were unmasked, kept as the DAIF flags.
#[derive(Clone, Copy, Debug)]
#[must_use = "interrupts stay masked until the state is given to `restore`"]
pub struct InterruptState(u64);

impl InterruptState {
    /// `PSTATE.I` in the layout of the DAIF register: set while interrupts are masked.
    const MASKED: u64 = 1 << 7;

    /// Returns the state of this CPU now and changes nothing.
    #[inline]
    pub fn current() -> Self {
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
    pub fn was_enabled(self) -> bool {
        self.0 & Self::MASKED == 0
    }
}

/// Masks interrupts (IRQ) on this CPU and returns the state before.
#[inline]
pub fn save_and_disable() -> InterruptState {
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
pub unsafe fn restore(state: InterruptState) {
    // SAFETY: The flags were read from DAIF. No `nomem`: accesses stay inside the masked section.
    unsafe {
        asm!("msr daif, {}", in(reg) state.0, options(nostack, preserves_flags));
    }
}
