//! The critical section, on CPUs without compare-and-swap: the kernel's hooks, as the crate `critical-section` wants
//! them. Each member of the archive that enters it has these two functions for itself.

use critical_section::RawRestoreState;

use crate::hooks::{tsd_critical_acquire, tsd_critical_release};

struct Hooks;
critical_section::set_impl!(Hooks);

// SAFETY: the header demands of the hooks what `Impl` demands.
unsafe impl critical_section::Impl for Hooks {
    #[inline]
    unsafe fn acquire() -> RawRestoreState {
        tsd_critical_acquire()
    }

    #[inline]
    unsafe fn release(state: RawRestoreState) {
        // SAFETY: `acquire` gave the state, and this is called once for it.
        unsafe { tsd_critical_release(state) };
    }
}
