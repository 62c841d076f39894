//! The segment bases by which a CPU finds its own block, and its thread.
//!
//! - GS base: the CPU pointer, to its [`CpuLocal`]. The current thread is the first word there, so that one instruction
//!   finds it: no migration can come between finding the CPU and its thread.
//! - FS base: the thread pointer, which is a program's.
//!
//! They are read and written by the instructions of the FSGSBASE extension, which `entry` enables on each CPU.
//!
//! Reference: Intel SDM volume 2, "RDFSBASE/RDGSBASE", "WRFSBASE/WRGSBASE".
//!
//! The reasons for the options of `asm!` are the same in each function. `nomem` on reading a base: the instruction
//! moves a register and nothing else; not on writing, since accesses relative to the segment depend on it. `nostack`:
//! nothing pushes. `preserves_flags`: moves leave the status flags alone. No `pure`: another thread, or the same one
//! after a migration, reads another value.

use core::{arch::asm, mem::offset_of};

use crate::machine::cpu_local::CpuLocal;

/// Returns the thread pointer, the FS base: what an ELF thread-local access starts from.
#[inline]
#[must_use]
pub(crate) fn thread_pointer() -> *mut u8 {
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
pub(crate) unsafe fn set_thread_pointer(pointer: *mut u8) {
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
pub(crate) fn cpu_pointer() -> *mut u8 {
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
pub(crate) unsafe fn set_cpu_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; the write itself touches no memory.
    unsafe {
        asm!("wrgsbase {}", in(reg) pointer, options(nostack, preserves_flags));
    }
}

/// Returns what [`set_current_thread`] stored on this CPU.
#[inline]
pub(crate) fn current_thread() -> *const () {
    let thread;
    // SAFETY: The GS base is the address of this CPU's block. Not `pure` and no `nomem`: an interrupt
    // handler and a later call see another value. `readonly`, `nostack`, `preserves_flags`: one load.
    unsafe {
        asm!(
            "mov {}, gs:[{}]",
            out(reg) thread,
            const offset_of!(CpuLocal, current_thread),
            options(readonly, nostack, preserves_flags),
        );
    }
    thread
}

/// Sets the current thread of this CPU, null for none.
#[inline]
pub(crate) fn set_current_thread(thread: *const ()) {
    // SAFETY: The GS base is the address of this CPU's block, whose word nothing else writes. No
    // `nomem`: it stores, and accesses made for the thread before must not move after the change.
    unsafe {
        asm!(
            "mov gs:[{}], {}",
            const offset_of!(CpuLocal, current_thread),
            in(reg) thread,
            options(nostack, preserves_flags),
        );
    }
}

/// Waits until an interrupt is pending, takes it, and returns with interrupts masked as they were.
pub(crate) fn wait_for_interrupt() {
    // SAFETY: STI takes effect after the next instruction, so no interrupt is taken, and missed by the
    // wait, between the caller's last look and HLT. No `nomem`: the handlers change memory.
    unsafe {
        asm!("sti", "hlt", "cli", options(nostack, preserves_flags));
    }
}
