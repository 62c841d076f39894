//! x86_64: the thread pointer, the CPU pointer and the interrupt state.
//!
//! All that the library knows of this CPU, with the same names as in the other CPUs' modules.
//! The functions are for a kernel at privilege level 0; the two pointers also work at level 3.
//!
//! The pointers are the bases of the FS and GS segments, read and written by the instructions of the
//! FSGSBASE extension (Intel since 2012, AMD since 2014). The kernel must have set `CR4.FSGSBASE` on
//! each CPU, else they raise an invalid-opcode exception. The same registers are also reached as model
//! specific registers, which is several times slower and is refused outside of level 0.
//!
//! Reference: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, "RDFSBASE/RDGSBASE",
//! "WRFSBASE/WRGSBASE", "PUSHF", "CLI"; volume 3A, 2.5 "Control Registers".
//!
//! The reasons for the options of `asm!`, which are the same in each function:
//! - `nomem` on reading a pointer: the instruction moves a register and nothing else. It is left out on
//!   interrupt masking, where memory accesses must not be moved out of the masked section, and on
//!   writing a pointer, since accesses relative to the segment depend on it.
//! - `nostack`: the instruction does not push. It is left out where the flags are read by way of the stack.
//! - `preserves_flags`: the moves, `CLI` and `STI` leave the status flags alone.
//! - No `pure`: another thread, or the same one after a migration, reads another value.

use core::arch::asm;

/// Returns the thread pointer, the FS base: what an ELF thread-local access starts from.
#[inline]
#[must_use]
pub fn thread_pointer() -> *mut u8 {
    let pointer;
    // SAFETY: Reading the FS base has no side effect; the kernel has enabled the instruction.
    unsafe {
        asm!("rdfsbase {}", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// Sets the thread pointer, the FS base.
///
/// # Safety
///
/// 1. `pointer` is what the code that runs from here on expects: the calling thread's own block, laid
///    out as its ELF thread-local accesses assume, or anything where no such code runs.
/// 2. The kernel keeps the register for the thread across context switches.
/// 3. `pointer` is a canonical address and `CR4.FSGSBASE` is set.
#[inline]
pub unsafe fn set_thread_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; the write itself touches no memory.
    unsafe {
        asm!("wrfsbase {}", in(reg) pointer, options(nostack, preserves_flags));
    }
}

/// Returns the CPU pointer, the GS base: the kernel's block of per-CPU data.
///
/// A thread that can migrate must mask interrupts for as long as it uses the block.
#[inline]
#[must_use]
pub fn cpu_pointer() -> *mut u8 {
    let pointer;
    // SAFETY: Reading the GS base has no side effect; the kernel has enabled the instruction.
    unsafe {
        asm!("rdgsbase {}", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// Sets the CPU pointer, the GS base.
///
/// # Safety
///
/// 1. The caller runs at privilege level 0, and `SWAPGS` has not exchanged the base for a user's.
/// 2. `pointer` is what the kernel expects to find there on this CPU.
/// 3. `pointer` is a canonical address and `CR4.FSGSBASE` is set.
#[inline]
pub unsafe fn set_cpu_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; the write itself touches no memory.
    unsafe {
        asm!("wrgsbase {}", in(reg) pointer, options(nostack, preserves_flags));
    }
}

/// What [`save_and_disable`] found: whether interrupts were unmasked, kept as the RFLAGS register.
#[derive(Clone, Copy, Debug)]
#[must_use = "interrupts stay masked until the state is given to `restore`"]
pub struct InterruptState(u64);

impl InterruptState {
    /// `RFLAGS.IF`: set while interrupts are unmasked.
    const ENABLED: u64 = 1 << 9;

    /// Returns the state of this CPU now and changes nothing.
    #[inline]
    pub fn current() -> Self {
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
    pub fn was_enabled(self) -> bool {
        self.0 & Self::ENABLED != 0
    }
}

/// Masks interrupts on this CPU and returns the state before.
#[inline]
pub fn save_and_disable() -> InterruptState {
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
pub unsafe fn restore(state: InterruptState) {
    if state.was_enabled() {
        // SAFETY: Interrupts were unmasked before. No `nomem`: accesses stay inside the masked section.
        unsafe {
            asm!("sti", options(nostack, preserves_flags));
        }
    }
}
