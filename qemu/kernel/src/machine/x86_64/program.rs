//! The way into a program's code and back. The entry of its system calls is in `system_call`.
//!
//! A program runs at level 0 like the kernel, on a stack of its own.

use core::arch::naked_asm;

/// What the entry of a call has stored.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) arguments: [usize; 6],
    /// Where the program goes on.
    pub(crate) program_counter: usize,
}

/// Goes on at `program_counter` with the stack pointer and the arguments' registers given, and 0 in RAX.
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
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rcx], rsp",
        "mov rsp, rdi",
        "mov r11, rsi",
        "mov rdi, [rdx]",
        "mov rsi, [rdx + 8]",
        "mov r10, [rdx + 24]",
        "mov r8, [rdx + 32]",
        "mov r9, [rdx + 40]",
        "mov rdx, [rdx + 16]",
        "xor eax, eax",
        // No caller, for a debugger.
        "xor ebp, ebp",
        "jmp r11",
    )
}

/// Returns from the `enter` that stored `left`.
///
/// # Safety
///
/// It is the calling thread's, and has not returned.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave(left: usize) -> ! {
    naked_asm!("mov rsp, rdi", "pop r15", "pop r14", "pop r13", "pop r12", "pop rbx", "pop rbp", "ret",)
}
