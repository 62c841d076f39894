//! The way into a program's code and back. The entry of its system calls is in `vectors`.
//!
//! A program runs at EL1 like the kernel, on a stack of its own. SVC works there too, as an exception
//! of the current level.

use core::arch::naked_asm;

/// What the entry of a call has stored.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) arguments: [usize; 6],
    _other_registers: [usize; 14],
    /// Where the program goes on.
    pub(crate) program_counter: usize,
}

/// Goes on at `program_counter` with the stack pointer and the arguments' registers given, but 0 in X0.
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
        "stp x29, x30, [sp, #-96]!",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "mov x9, sp",
        "str x9, [x3]",
        "mov sp, x0",
        "mov x9, x1",
        "mov x10, x2",
        "ldr x1, [x10, #8]",
        "ldp x2, x3, [x10, #16]",
        "ldp x4, x5, [x10, #32]",
        "mov x0, xzr",
        // No caller, for a debugger.
        "mov x29, xzr",
        "mov x30, xzr",
        "br x9",
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
        "mov sp, x0",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp x29, x30, [sp], #96",
        "ret",
    )
}
