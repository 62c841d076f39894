//! How the C archive finds the thread where it was installed for a thread pointer.

use core::arch::asm;

/// The thread's block: the register `TSD_THREAD_POINTER`, or the pointer at `TSD_THREAD_POINTER_AT` from it, which may
/// be NULL.
#[inline(always)]
pub(crate) fn block() -> *mut u8 {
    let register: *mut u8;
    // SAFETY: reads a register. `nomem`, `nostack`, `preserves_flags`: it does nothing else. Not `pure`: the compiler
    // must not keep it across a switch of threads.
    unsafe {
        asm!(
            concat!("mrs {}, ", env!("TSD_THREAD_POINTER")),
            out(reg) register,
            options(nomem, nostack, preserves_flags),
        );
    }
    super::followed(register)
}
