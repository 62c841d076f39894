//! The entry of a program's system calls.
//!
//! SYSCALL works at level 0 too: it masks interrupts, leaves the stack as it is, and puts the return address and the
//! flags into RCX and R11. References: Intel SDM volume 2B, "SYSCALL"; System V ABI, AMD64 supplement, A.2.1 "Calling
//! Conventions".

use core::arch::naked_asm;

use x86_64::{
    VirtAddr,
    registers::{
        model_specific::{Efer, EferFlags, LStar, SFMask, Star},
        rflags::RFlags,
        segmentation::{CS, SS, Segment},
    },
};

use super::handlers::handle_system_call;

/// Lets programs on this CPU make calls.
pub(super) fn init_cpu() {
    LStar::write(VirtAddr::from_ptr(call_entry as *const ()));
    SFMask::write(RFlags::INTERRUPT_FLAG | RFlags::DIRECTION_FLAG);
    // SYSRET is never used, so its selectors mean nothing.
    // SAFETY: SYSCALL loads the selectors that are in use, whose descriptors are neighbours.
    unsafe {
        Star::write_raw(0, CS::get_reg().0);
        Efer::update(|flags| flags.insert(EferFlags::SYSTEM_CALL_EXTENSIONS));
    }
    debug_assert_eq!(CS::get_reg().0 + 8, SS::get_reg().0, "SYSCALL takes the segment after the code segment");
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
        handler = sym handle_system_call,
    )
}

/// What a function may use below its stack pointer. Reference: System V ABI, AMD64 supplement, 3.2.2.
pub(super) const RED_ZONE_BYTES: usize = 128;
