//! The way into a program's code and back. The entry of its system calls is in `vectors`.
//!
//! A program runs in S-mode like the kernel, on a stack of its own. There the instruction for calls asks the firmware,
//! so a program calls the kernel by a breakpoint instruction of 32 bits.

use core::arch::naked_asm;

/// What the entry of a call has stored.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) arguments: [usize; 6],
    _other_registers: [usize; 12],
    /// Where the program goes on.
    pub(crate) program_counter: usize,
    /// `sstatus`, of which some bits are what was before the exception.
    pub(super) status: usize,
}

/// Goes on at `program_counter` with the stack pointer and the arguments' registers given, but 0 in a0.
/// Returns when `leave` is called for what was stored at `left`.
///
/// # Safety
///
/// 1. There is code of a program, and the stack is the calling thread's alone.
/// 2. `left` stays valid until `leave`, which the same thread calls.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter(
    stack_pointer: usize,
    program_counter: usize,
    arguments: &[usize; 6],
    left: *mut usize,
) {
    naked_asm!(
        "addi sp, sp, -112",
        "sd ra, 0(sp)",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11",
        r"sd s\n, 8 + 8 * \n(sp)",
        ".endr",
        "sd sp, 0(a3)",
        "mv sp, a0",
        "mv t0, a1",
        "mv t1, a2",
        ".irp n, 1,2,3,4,5",
        r"ld a\n, 8 * \n(t1)",
        ".endr",
        "mv a0, zero",
        // No caller, for a debugger.
        "mv s0, zero",
        "mv ra, zero",
        "jr t0",
    )
}

/// Returns from the `enter` that stored `left`.
///
/// # Safety
///
/// It is the calling thread's, and has not returned.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave(left: usize) -> ! {
    naked_asm!(
        "mv sp, a0",
        "ld ra, 0(sp)",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11",
        r"ld s\n, 8 + 8 * \n(sp)",
        ".endr",
        "addi sp, sp, 112",
        "ret",
    )
}
