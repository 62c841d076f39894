//! The register that says which thread is current on this CPU.
//!
//! `SP_EL0` holds it, which is free because all code of this kernel runs on `SP_EL1`: one register read,
//! so that no migration can come between finding the CPU and finding its thread.

use core::arch::asm;

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
    // before must not move behind the change.
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
