//! The critical section of a CPU without compare-and-swap: interrupts are masked, as FreeRTOS itself does there.

use core::arch::asm;

use critical_section::RawRestoreState;

struct Masking;
critical_section::set_impl!(Masking);

// SAFETY: there is one CPU, and between the two it takes no interrupt.
unsafe impl critical_section::Impl for Masking {
    unsafe fn acquire() -> RawRestoreState {
        let masked: u32;
        // SAFETY: it reads a register and masks interrupts; what follows stays behind it, since memory counts as changed.
        unsafe { asm!("mrs {}, primask", "cpsid i", out(reg) masked, options(nostack, preserves_flags)) };
        masked & 1 == 0
    }

    unsafe fn release(were_unmasked: RawRestoreState) {
        if were_unmasked {
            // SAFETY: they were when the section was entered.
            unsafe { asm!("cpsie i", options(nostack, preserves_flags)) };
        }
    }
}
