//! The registers by which a CPU finds its own block, and its thread.
//!
//! - `sscratch`: the CPU pointer, to its [`CpuLocal`]. The first instructions of an exception use the register, and put
//!   it back before they use the stack.
//! - `gp`: the current thread: one register read, so that no migration can come between finding the CPU and finding its
//!   thread. No compiled code uses it, since no linker makes use of it unless told so. A program may have it for
//!   itself: each entry from one gets the kernel's from the block.
//! - `tp`: the thread pointer, which is a program's.
//!
//! Reference: RISC-V Instruction Set Manual, volume II, "Supervisor CSRs"; RISC-V ABIs Specification, "Register
//! Convention".
//!
//! The reasons for the options of `asm!` are the same in each function. `nomem` on reading: the instruction moves a
//! register and nothing else; not on writing, since what is pointed to must have been written before. `nostack`:
//! nothing pushes. No `pure`: another thread, or the same one after a migration, reads another value.

use core::{arch::asm, sync::atomic::Ordering};

use crate::machine::cpu_local::CpuLocal;

/// Returns the thread pointer, `tp`: what an ELF thread-local access starts from.
#[inline]
#[must_use]
pub(crate) fn thread_pointer() -> *mut u8 {
    let pointer;
    // SAFETY: A register move.
    unsafe {
        asm!("mv {}, tp", out(reg) pointer, options(nomem, nostack));
    }
    pointer
}

/// Sets the thread pointer, `tp`.
///
/// # Safety
///
/// 1. `pointer` is what the code that runs from here on expects: the calling thread's own block, laid
///    out as its ELF thread-local accesses assume, or anything where no such code runs.
/// 2. The kernel keeps the register for the thread across context switches.
#[inline]
pub(crate) unsafe fn set_thread_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; compiled code without thread-local storage does not use the register.
    unsafe {
        asm!("mv tp, {}", in(reg) pointer, options(nostack));
    }
}

/// Returns the CPU pointer, `sscratch`: the kernel's block of per-CPU data.
///
/// A thread that can migrate must mask interrupts for as long as it uses the block.
#[inline]
#[must_use]
pub(crate) fn cpu_pointer() -> *mut u8 {
    let pointer;
    // SAFETY: Reading sscratch has no side effect; the module's functions are for S-mode.
    unsafe {
        asm!("csrr {}, sscratch", out(reg) pointer, options(nomem, nostack));
    }
    pointer
}

/// Sets the CPU pointer, `sscratch`.
///
/// # Safety
///
/// 1. The caller runs in S-mode.
/// 2. `pointer` is what the kernel expects to find there on this CPU.
#[inline]
pub(crate) unsafe fn set_cpu_pointer(pointer: *mut u8) {
    // SAFETY: The caller vouches for the value; the write itself touches no memory.
    unsafe {
        asm!("csrw sscratch, {}", in(reg) pointer, options(nostack));
    }
}

/// Returns what [`set_current_thread`] stored on this CPU.
#[inline]
pub(crate) fn current_thread() -> *const () {
    let thread;
    // SAFETY: A register move.
    unsafe {
        asm!("mv {}, gp", out(reg) thread, options(nomem, nostack));
    }
    thread
}

/// Sets the current thread of this CPU, null for none. Interrupts are masked: the register and the block agree in each
/// interrupt.
#[inline]
pub(crate) fn set_current_thread(thread: *const ()) {
    // SAFETY: `core::cpu` gives each CPU its block first.
    let local = unsafe { &*cpu_pointer().cast::<CpuLocal>() };
    // Relaxed: only this CPU reads the word.
    local.current_thread.store(thread.cast_mut(), Ordering::Relaxed);
    // SAFETY: No compiled code uses the register. No `nomem`: accesses made for the thread before must not move after
    // the change.
    unsafe {
        asm!("mv gp, {}", in(reg) thread, options(nostack));
    }
}

/// Waits until an interrupt is pending, takes it, and returns with interrupts masked as they were.
pub(crate) fn wait_for_interrupt() {
    // SAFETY: WFI returns for an interrupt that is pending although masked, so none is missed between the caller's last
    // look and the wait. The handlers run between the two writes. No `nomem`: the handlers change memory.
    unsafe {
        asm!("wfi", "csrsi sstatus, 2", "csrci sstatus, 2", options(nostack));
    }
}
