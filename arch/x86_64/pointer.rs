//! How the C archive finds the thread where it was installed for a thread pointer.

use core::arch::asm;

/// The pointer at `TSD_THREAD_POINTER_AT` from the register `TSD_THREAD_POINTER`: the thread's block, or NULL.
#[inline(always)]
pub(crate) fn block() -> *mut u8 {
    let block;
    // SAFETY: who installs the archive for a thread pointer says that the word is there. One instruction, so a thread
    // that is moved to another CPU has its own either way. `readonly`: a load and nothing else. `nostack`,
    // `preserves_flags`: it is a move. Not `pure`: the compiler must not keep it across a switch of threads.
    unsafe {
        asm!(
            concat!("mov {}, ", env!("TSD_THREAD_POINTER"), ":[", env!("TSD_THREAD_POINTER_AT"), "]"),
            out(reg) block,
            options(readonly, nostack, preserves_flags),
        );
    }
    block
}
