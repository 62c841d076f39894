//! The exception vectors of EL1.
//!
//! An interrupt is handled on the stack of the thread that it interrupts, so that the handler can
//! switch threads and leave the frame there; so is a single step. Any other exception is a fault, or
//! the first access to a page of a program, and is handled on the CPU's fault stack: the thread's own may be what
//! overflowed, or what has no memory yet.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D1.3.1.5 "Exception vectors".

use core::{arch::naked_asm, mem::offset_of};

use super::{
    handlers::{handle_abort, handle_fault, handle_interrupt, handle_system_call},
    step::handle_step,
};
use crate::machine::cpu_local::CpuLocal;

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
        ".rept 4",
        ".balign 128",
        "b {fault}",
        ".endr",
        ".balign 128",
        "b {synchronous}",
        ".balign 128",
        "b {interrupt}",
        ".rept 10",
        ".balign 128",
        "b {fault}",
        ".endr",
        fault = sym fault_entry,
        synchronous = sym synchronous_entry,
        interrupt = sym interrupt_entry,
    )
}

/// ESR_EL1.EC of an SVC instruction.
const EXCEPTION_CLASS_SVC: u64 = 0x15;
/// ESR_EL1.EC of a data abort at the same exception level.
const EXCEPTION_CLASS_ABORT: u64 = 0x25;
/// ESR_EL1.EC of a software step at the same exception level.
const EXCEPTION_CLASS_STEP: u64 = 0x33;

/// Tells a program's system calls and single steps from faults. It may not use the stack before it knows.
#[unsafe(naked)]
unsafe extern "C" fn synchronous_entry() {
    naked_asm!(
        // A register that nobody uses holds x0. The flags are in SPSR_EL1.
        "msr tpidrro_el0, x0",
        "mrs x0, esr_el1",
        "lsr x0, x0, #26",
        "cmp x0, #{svc}",
        "b.eq 2f",
        "cmp x0, #{abort_class}",
        "b.eq {abort}",
        "cmp x0, #{step_class}",
        "mrs x0, tpidrro_el0",
        "b.eq {step}",
        "b {fault}",
        "2:",
        "mrs x0, tpidrro_el0",
        "b {call}",
        svc = const EXCEPTION_CLASS_SVC,
        abort_class = const EXCEPTION_CLASS_ABORT,
        abort = sym abort_entry,
        step_class = const EXCEPTION_CLASS_STEP,
        call = sym call_entry,
        step = sym step_entry,
        fault = sym fault_entry,
    )
}

/// Stores what a call may change, in the layout of `program::Frame`.
///
/// Vector registers are not saved: the kernel is built without them, so no handler changes them, and
/// a switch of threads inside the handler keeps them with the thread.
macro_rules! push_registers {
    () => {
        concat!(
            "sub sp, sp, #176\n",
            "stp x0, x1, [sp, #0]\n",
            "stp x2, x3, [sp, #16]\n",
            "stp x4, x5, [sp, #32]\n",
            "stp x6, x7, [sp, #48]\n",
            "stp x8, x9, [sp, #64]\n",
            "stp x10, x11, [sp, #80]\n",
            "stp x12, x13, [sp, #96]\n",
            "stp x14, x15, [sp, #112]\n",
            "stp x16, x17, [sp, #128]\n",
            "stp x18, x30, [sp, #144]\n",
        )
    };
}

/// Loads it, but for the first two registers.
macro_rules! load_registers {
    () => {
        concat!(
            "ldp x18, x30, [sp, #144]\n",
            "ldp x16, x17, [sp, #128]\n",
            "ldp x14, x15, [sp, #112]\n",
            "ldp x12, x13, [sp, #96]\n",
            "ldp x10, x11, [sp, #80]\n",
            "ldp x8, x9, [sp, #64]\n",
            "ldp x6, x7, [sp, #48]\n",
            "ldp x4, x5, [sp, #32]\n",
            "ldp x2, x3, [sp, #16]\n",
        )
    };
}

/// Stores the registers, and where to go on and in which state, which another exception would overwrite.
///
/// The stack may be a program's, whose pages get memory when they are first accessed. That is an exception, too, so
/// both are put aside before the stack is used.
macro_rules! save_registers {
    () => {
        concat!(
            "msr tpidrro_el0, x0\n",
            "mrs x0, tpidr_el1\n",
            "str x1, [x0, #{put_aside}]\n",
            "mrs x1, elr_el1\n",
            "str x1, [x0, #{put_aside} + 8]\n",
            "mrs x1, spsr_el1\n",
            "str x1, [x0, #{put_aside} + 16]\n",
            "ldr x1, [x0, #{put_aside}]\n",
            "mrs x0, tpidrro_el0\n",
            push_registers!(),
            "mrs x0, tpidr_el1\n",
            "ldr x1, [x0, #{put_aside} + 16]\n",
            "ldr x0, [x0, #{put_aside} + 8]\n",
            "stp x0, x1, [sp, #160]\n",
        )
    };
}

/// Saves the registers, calls the handler, and goes back to the interrupted code.
#[unsafe(naked)]
unsafe extern "C" fn interrupt_entry() {
    naked_asm!(
        save_registers!(),
        "bl {handler}",
        "b {back}",
        handler = sym handle_interrupt,
        back = sym back,
        put_aside = const offset_of!(CpuLocal, put_aside),
    )
}

/// The same for a system call, with interrupts unmasked. Its result replaces x0.
#[unsafe(naked)]
unsafe extern "C" fn call_entry() {
    naked_asm!(
        save_registers!(),
        "msr daifclr, #2",
        "mov x0, x8",
        "mov x1, sp",
        "bl {handler}",
        "str x0, [sp]",
        "msr daifset, #2",
        "b {back}",
        handler = sym handle_system_call,
        back = sym back,
        put_aside = const offset_of!(CpuLocal, put_aside),
    )
}

/// The same for a single step, with interrupts masked as they were.
#[unsafe(naked)]
unsafe extern "C" fn step_entry() {
    naked_asm!(
        save_registers!(),
        "mov x0, sp",
        "bl {handler}",
        "b {back}",
        handler = sym handle_step,
        back = sym back,
        put_aside = const offset_of!(CpuLocal, put_aside),
    )
}

/// Goes back to where the registers were saved.
#[unsafe(naked)]
unsafe extern "C" fn back() {
    naked_asm!(
        "ldp x0, x1, [sp, #160]",
        "msr elr_el1, x0",
        "msr spsr_el1, x1",
        load_registers!(),
        "ldp x0, x1, [sp, #0]",
        "add sp, sp, #176",
        "eret",
    )
}

/// Asks on the CPU's fault stack whether the access can be done again. If not, goes on as every other fault does.
/// `synchronous_entry` has put x0 into TPIDRRO_EL0.
#[unsafe(naked)]
unsafe extern "C" fn abort_entry() {
    naked_asm!(
        "mrs x0, tpidr_el1",
        "ldr x0, [x0, #{fault_stack_top}]",
        // As in `fault_entry`: afterwards x0 is the stack pointer of the access.
        "add sp, sp, x0",
        "sub x0, sp, x0",
        "sub sp, sp, x0",
        "str x0, [sp, #-16]!",
        "mrs x0, tpidrro_el0",
        push_registers!(),
        // Another access of the kind can't come before the end: the handler uses the kernel's memory only.
        "mrs x0, esr_el1",
        "mrs x1, far_el1",
        "bl {handler}",
        // The flags hold the answer: nothing below changes them.
        "tst w0, #1",
        load_registers!(),
        "ldp x0, x1, [sp, #0]",
        "msr tpidrro_el0, x0",
        "ldr x0, [sp, #176]",
        "mov sp, x0",
        "mrs x0, tpidrro_el0",
        "b.eq {fault}",
        "eret",
        fault_stack_top = const offset_of!(CpuLocal, fault_stack_top),
        handler = sym handle_abort,
        fault = sym fault_entry,
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
