//! The critical section: interrupts are masked, which is all that one CPU takes.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use cortex_m::{interrupt, register::primask};
use critical_section::RawRestoreState;

struct Masking;
critical_section::set_impl!(Masking);

/// How often it was entered.
static ENTRIES: AtomicU32 = AtomicU32::new(0);

// SAFETY: there is one CPU, and between the two it takes no interrupt.
unsafe impl critical_section::Impl for Masking {
    unsafe fn acquire() -> RawRestoreState {
        let were_unmasked = primask::read().is_active();
        interrupt::disable();
        // No interrupt can come between the two.
        ENTRIES.store(ENTRIES.load(SeqCst) + 1, SeqCst);
        were_unmasked
    }

    unsafe fn release(were_unmasked: RawRestoreState) {
        if were_unmasked {
            // SAFETY: they were when the section was entered.
            unsafe { interrupt::enable() };
        }
    }
}

/// How often the critical section was entered since the start.
pub(crate) fn entries() -> u32 {
    ENTRIES.load(SeqCst)
}

/// How often `work` enters it.
pub(crate) fn entries_of<R>(work: impl FnOnce() -> R) -> (u32, R) {
    let before = entries();
    let result = work();
    (entries() - before, result)
}
