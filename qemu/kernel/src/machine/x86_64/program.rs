//! The way into a program's code and back, and the entry of its system calls.
//!
//! A program runs at level 0 like the kernel, on a stack of its own. SYSCALL works there too: it masks
//! interrupts, leaves the stack as it is, and puts the return address and the flags into RCX and R11.
//! References: Intel SDM volume 2B, "SYSCALL"; System V ABI, AMD64 supplement, A.2.1 "Calling Conventions".

use core::{arch::naked_asm, ops::Range};

use x86_64::{
    VirtAddr,
    registers::{
        model_specific::{Efer, EferFlags, LStar, SFMask, Star},
        rflags::RFlags,
        segmentation::{CS, SS, Segment},
    },
};

use crate::modes::program::call;

/// Where a program lies, linked to these addresses. It may be executed.
pub(crate) const PROGRAM: Range<usize> = 128 << 20..192 << 20;
/// RAM for the pages that a program gets from `mmap`.
pub(crate) const FRAMES: Range<usize> = 192 << 20..448 << 20;
/// The addresses of those pages.
pub(crate) const SPACE: Range<usize> = 64 << 30..80 << 30;

/// What the entry of a call has stored.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) arguments: [usize; 6],
    /// Where the program goes on.
    pub(crate) program_counter: usize,
}

/// Lets programs on this CPU make calls.
pub(crate) fn init_cpu() {
    LStar::write(VirtAddr::from_ptr(call_entry as *const ()));
    SFMask::write(RFlags::INTERRUPT_FLAG | RFlags::DIRECTION_FLAG);
    // SYSRET is never used, so its selectors mean nothing.
    // SAFETY: SYSCALL loads the selectors that are in use, whose descriptors are neighbours.
    unsafe {
        Star::write_raw(0, CS::get_reg().0);
        Efer::update(|flags| flags.insert(EferFlags::SYSTEM_CALL_EXTENSIONS));
    }
    debug_assert_eq!(CS::get_reg().0 + 8, SS::get_reg().0, "SYSCALL takes the segment behind the code segment");
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

/// The entry of a program's calls: keeps every register but RAX, RCX and R11.
#[unsafe(naked)]
unsafe extern "C" fn call_entry() {
    naked_asm!(
        // The caller may keep data below its stack pointer. LEA leaves the flags alone.
        "lea rsp, [rsp - {red_zone}]",
        "push rbp",
        "mov rbp, rsp",
        "push r11",
        // From here on a `Frame`, from its end to its start.
        "push rcx",
        "push r9",
        "push r8",
        "push r10",
        "push rdx",
        "push rsi",
        "push rdi",
        "mov rdi, rax",
        "mov rsi, rsp",
        "and rsp, -16",
        "sti",
        "call {handler}",
        "lea rsp, [rbp - 64]",
        "pop rdi",
        "pop rsi",
        "pop rdx",
        "pop r10",
        "pop r8",
        "pop r9",
        "pop rcx",
        "popfq",
        "pop rbp",
        "lea rsp, [rsp + {red_zone}]",
        "jmp rcx",
        red_zone = const RED_ZONE_BYTES,
        handler = sym call::handle,
    )
}

/// What a function may use below its stack pointer. Reference: System V ABI, AMD64 supplement, 3.2.2.
pub(super) const RED_ZONE_BYTES: usize = 128;
