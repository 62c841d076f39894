//! The exception vectors of EL1.
//!
//! An interrupt is handled on the stack of the thread that it interrupts, so that the handler can
//! switch threads and leave the frame there. Any other exception is a fault and is handled on the
//! CPU's fault stack: the thread's own may be what overflowed.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D1.3.1.5 "Exception vectors".

use core::{arch::naked_asm, mem::offset_of};

use super::interrupts::{handle_fault, handle_interrupt};
use crate::cpu::CpuLocal;

/// Makes this CPU use the vectors.
pub(super) fn install() {
    // SAFETY: `vectors` is a vector table, aligned to 2 KiB, and is never changed. No `nomem`: what
    // the handlers rely on is written before.
    unsafe {
        core::arch::asm!(
            "msr vbar_el1, {}",
            "isb",
            in(reg) vectors as *const () as usize,
            options(nostack, preserves_flags),
        );
    }
}

/// The table: four groups (current level on SP_EL0, current level on SP_EL1, two for lower levels) of
/// four entries (synchronous, interrupt, fast interrupt, system error), 128 bytes each.
///
/// Only the second group is ever used. An entry of the other groups means a kernel gone astray.
#[unsafe(naked)]
#[unsafe(link_section = ".text.vectors")]
unsafe extern "C" fn vectors() {
    naked_asm!(
        ".balign 2048",
        ".rept 5",
        ".balign 128",
        "b {fault}",
        ".endr",
        ".balign 128",
        "b {interrupt}",
        ".rept 10",
        ".balign 128",
        "b {fault}",
        ".endr",
        fault = sym fault_entry,
        interrupt = sym interrupt_entry,
    )
}

/// Saves what a call may change, calls the handler, and goes back to the interrupted code.
///
/// Vector registers are not saved: the kernel is built without them, so no handler changes them, and
/// a switch of threads inside the handler keeps them with the thread.
#[unsafe(naked)]
unsafe extern "C" fn interrupt_entry() {
    naked_asm!(
        "sub sp, sp, #176",
        "stp x0, x1, [sp, #0]",
        "stp x2, x3, [sp, #16]",
        "stp x4, x5, [sp, #32]",
        "stp x6, x7, [sp, #48]",
        "stp x8, x9, [sp, #64]",
        "stp x10, x11, [sp, #80]",
        "stp x12, x13, [sp, #96]",
        "stp x14, x15, [sp, #112]",
        "stp x16, x17, [sp, #128]",
        "stp x18, x30, [sp, #144]",
        // Where to go on and in which state: another interrupt would overwrite both registers.
        "mrs x0, elr_el1",
        "mrs x1, spsr_el1",
        "stp x0, x1, [sp, #160]",
        "bl {handler}",
        "ldp x0, x1, [sp, #160]",
        "msr elr_el1, x0",
        "msr spsr_el1, x1",
        "ldp x18, x30, [sp, #144]",
        "ldp x16, x17, [sp, #128]",
        "ldp x14, x15, [sp, #112]",
        "ldp x12, x13, [sp, #96]",
        "ldp x10, x11, [sp, #80]",
        "ldp x8, x9, [sp, #64]",
        "ldp x6, x7, [sp, #48]",
        "ldp x4, x5, [sp, #32]",
        "ldp x2, x3, [sp, #16]",
        "ldp x0, x1, [sp, #0]",
        "add sp, sp, #176",
        "eret",
        handler = sym handle_interrupt,
    )
}

/// Takes the CPU's fault stack and calls the handler, which does not return.
#[unsafe(naked)]
unsafe extern "C" fn fault_entry() {
    naked_asm!(
        "mrs x0, tpidr_el1",
        "ldr x0, [x0, #{fault_stack_top}]",
        // Swap x0 and sp without a third register: afterwards x0 is the stack pointer of the fault.
        "add sp, sp, x0",
        "sub x0, sp, x0",
        "sub sp, sp, x0",
        "mov x1, x30",
        "b {handler}",
        fault_stack_top = const offset_of!(CpuLocal, fault_stack_top),
        handler = sym handle_fault,
    )
}
