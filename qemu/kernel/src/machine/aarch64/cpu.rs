//! The registers by which a CPU finds its own block, and its thread.
//!
//! - `TPIDR_EL1`: the CPU pointer, to its [`CpuLocal`](crate::machine::cpu_local::CpuLocal).
//! - `SP_EL0`: the current thread. It is free because all code of this kernel runs on `SP_EL1`: one register read, so
//!   that no migration can come between finding the CPU and finding its thread.
//! - `TPIDR_EL0`: the thread pointer, which is a program's.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D19 "AArch64 System Register Descriptions".
//!
//! The reasons for the options of `asm!` are the same in each function. `nomem` on reading: the instruction moves a
//! register and nothing else; not on writing, since what is pointed to must have been written before. `nostack`:
//! nothing pushes. `preserves_flags`: `MRS` and `MSR` of these registers leave NZCV alone. No `pure`: another thread,
//! or the same one after a migration, reads another value.

use core::arch::asm;

/// Returns the thread pointer, `TPIDR_EL0`: what an ELF thread-local access starts from.
#[inline]
#[must_use]
pub(crate) fn thread_pointer() -> *mut u8 {
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
pub(crate) unsafe fn set_thread_pointer(pointer: *mut u8) {
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
pub(crate) fn cpu_pointer() -> *mut u8 {
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
pub(crate) unsafe fn set_cpu_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; the write itself touches no memory.
    unsafe {
        asm!("msr tpidr_el1, {}", in(reg) pointer, options(nostack, preserves_flags));
    }
}

/// Returns what [`set_current_thread`] stored on this CPU.
#[inline]
pub(crate) fn current_thread() -> *const () {
    let thread;
    // SAFETY: Reading SP_EL0 at EL1 has no side effect while SPSel is 1. `nomem`, `nostack`,
    // `preserves_flags`: a register move. Not `pure`: an interrupt handler sees another value.
    unsafe {
        asm!("mrs {}, sp_el0", out(reg) thread, options(nomem, nostack, preserves_flags));
    }
    thread
}

/// Sets the current thread of this CPU, null for none.
#[inline]
pub(crate) fn set_current_thread(thread: *const ()) {
    // SAFETY: No code of the kernel uses SP_EL0 as a stack. No `nomem`: accesses made for the thread
    // before must not move after the change.
    unsafe {
        asm!("msr sp_el0, {}", in(reg) thread, options(nostack, preserves_flags));
    }
}

/// Waits until an interrupt is pending, takes it, and returns with interrupts masked as they were.
pub(crate) fn wait_for_interrupt() {
    // SAFETY: WFI returns for an interrupt that is pending although masked, so none is missed between
    // the caller's last look and the wait. The handlers run between the two DAIF writes; the ISB lets
    // them in before interrupts are masked again. No `nomem`: the handlers change memory.
    unsafe {
        asm!("dsb sy", "wfi", "msr daifclr, #2", "isb", "msr daifset, #2", options(nostack, preserves_flags));
    }
}
