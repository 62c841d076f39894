//! How the C archive finds the thread where it was installed for a thread pointer.

use core::arch::asm;

/// How `mrc` and `mcr` call the register `TSD_THREAD_POINTER`, of those in c13 that are the system's to use.
const OPCODE: u32 = match env!("TSD_THREAD_POINTER").as_bytes() {
    b"tpidrurw" => 2,
    b"tpidruro" => 3,
    b"tpidrprw" => 4,
    _ => panic!("`tsd install` knows no other"),
};

/// The thread's block: the register `TSD_THREAD_POINTER`, or the pointer at `TSD_THREAD_POINTER_AT` from it, which may
/// be NULL.
#[inline(always)]
pub(crate) fn block() -> *mut u8 {
    let register: *mut u8;
    // SAFETY: reads a register. `nomem`, `nostack`, `preserves_flags`: it does nothing else. Not `pure`: the compiler
    // must not keep it across a switch of threads.
    unsafe {
        asm!(
            "mrc p15, 0, {}, c13, c0, {opcode}",
            out(reg) register,
            opcode = const OPCODE,
            options(nomem, nostack, preserves_flags),
        );
    }
    super::followed(register)
}
