//! The word that says which thread is current on this CPU.
//!
//! It is the first of the CPU's block, at the GS base, so that one instruction finds it: no migration can
//! come between finding the CPU and its thread.

use core::{arch::asm, mem::offset_of};

use crate::core::cpu::CpuLocal;

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
    // `nomem`: it stores, and accesses made for the thread before must not move behind the change.
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
    // SAFETY: STI takes effect behind the next instruction, so no interrupt is taken, and missed by the
    // wait, between the caller's last look and HLT. No `nomem`: the handlers change memory.
    unsafe {
        asm!("sti", "hlt", "cli", options(nostack, preserves_flags));
    }
}
