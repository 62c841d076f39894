//! The entry of all exceptions.
//!
//! An interrupt is handled on the stack of the thread that it interrupts, so that the handler can
//! switch threads and leave the frame there. Any other exception is a fault, or the first access to a page of a program,
//! and is handled on the CPU's fault stack: the thread's own may be what overflowed, or what has no memory yet.
//!
//! Reference: RISC-V Instruction Set Manual, volume II, "Supervisor Trap Vector Base Address (stvec) Register".

use core::{
    arch::{asm, naked_asm},
    mem::offset_of,
};

use super::{
    handlers::{handle_fault, handle_interrupt, handle_page_fault, handle_system_call},
    step::{BEGAN, COUNTER, COUNTERS, START, start_counter},
};
use crate::machine::cpu_local::CpuLocal;

/// The interrupts that are enabled, in `sie`: of other CPUs, and of the timer.
pub(super) const INTERRUPTS: usize = 1 << 1 | 1 << 5;
/// Floating point is on: its registers are a program's, and are kept by each switch.
const FLOATING_POINT: usize = 0b11 << 13;

/// Makes this CPU use the entry.
pub(super) fn install() {
    // SAFETY: `entry` is aligned to 4 bytes, as its address in the register has to be. No `nomem`: what the handlers
    // rely on is written before.
    unsafe {
        asm!(
            "csrw stvec, {entry}",
            "csrs sstatus, {floating_point}",
            "csrw sie, {interrupts}",
            entry = in(reg) entry as *const () as usize,
            floating_point = in(reg) FLOATING_POINT,
            interrupts = in(reg) INTERRUPTS,
            options(nostack),
        );
    }
}

/// `scause` of a breakpoint, and of a load and a store whose page is not mapped.
const BREAKPOINT: usize = 3;
const LOAD_PAGE: usize = 13;
const STORE_PAGE: usize = 15;

/// The beginning of the breakpoint instruction of 32 bits: a program's system call. The one of 16 bits is a breakpoint.
const SYSTEM_CALL: usize = 0x0073;

/// Tells interrupts, pages and a program's system calls from faults. It may not use the stack before it knows.
#[unsafe(naked)]
unsafe extern "C" fn entry() {
    naked_asm!(
        ".balign 4",
        // t0 is the CPU's block, and sscratch has what was in t0.
        "csrrw t0, sscratch, t0",
        "sd t1, {put_aside}(t0)",
        "csrr t1, scause",
        "bltz t1, {interrupt}",
        "addi t1, t1, -{breakpoint}",
        "beqz t1, 2f",
        "addi t1, t1, {breakpoint} - {load}",
        "beqz t1, {page_fault}",
        "addi t1, t1, {load} - {store}",
        "beqz t1, {page_fault}",
        "3:",
        "ld t1, {put_aside}(t0)",
        "csrrw t0, sscratch, t0",
        "j {fault}",
        "2:",
        "csrr t1, sepc",
        "lhu t1, 0(t1)",
        "addi t1, t1, -{call_instruction}",
        "bnez t1, 3b",
        "j {call}",
        put_aside = const offset_of!(CpuLocal, put_aside),
        breakpoint = const BREAKPOINT,
        load = const LOAD_PAGE,
        store = const STORE_PAGE,
        call_instruction = const SYSTEM_CALL,
        interrupt = sym interrupt_entry,
        page_fault = sym page_fault_entry,
        call = sym call_entry,
        fault = sym fault_entry,
    )
}

/// For each register that a call may change, `$instruction` with its room in the layout of `program::Frame`.
///
/// Floating-point registers are not saved: the kernel is built without them, so no handler changes them, and
/// a switch of threads inside the handler keeps them with the thread.
macro_rules! each_register {
    ($instruction:literal) => {
        concat!(
            ".irp n, 0,1,2,3,4,5,6,7\n",
            $instruction,
            " a\\n, 8 * \\n(sp)\n",
            ".endr\n",
            ".irp n, 0,1,2,3,4,5,6\n",
            $instruction,
            " t\\n, 64 + 8 * \\n(sp)\n",
            ".endr\n",
            $instruction,
            " ra, 120(sp)\n",
            $instruction,
            " gp, 128(sp)\n",
        )
    };
}

/// Stores the registers, and where to go on and in which state, which another exception would overwrite. Begins as
/// `entry` has left t0, t1 and sscratch.
///
/// The stack may be a program's, whose pages get memory when they are first accessed. That is an exception, too, so
/// both are put aside before the stack is used.
macro_rules! save_registers {
    () => {
        concat!(
            "csrr t1, sepc\n",
            "sd t1, {put_aside} + 8(t0)\n",
            "csrr t1, sstatus\n",
            "sd t1, {put_aside} + 16(t0)\n",
            "ld t1, {put_aside}(t0)\n",
            "csrrw t0, sscratch, t0\n",
            "addi sp, sp, -160\n",
            each_register!("sd"),
            "csrr t0, sscratch\n",
            "ld t1, {put_aside} + 8(t0)\n",
            "sd t1, 144(sp)\n",
            "ld t1, {put_aside} + 16(t0)\n",
            "sd t1, 152(sp)\n",
            // Where a program was interrupted, it is the program's.
            "ld gp, {current_thread}(t0)\n",
        )
    };
}

/// Saves the registers, calls the handler, and goes back to the interrupted code.
#[unsafe(naked)]
unsafe extern "C" fn interrupt_entry() {
    naked_asm!(
        save_registers!(),
        "mv a0, sp",
        "call {handler}",
        "bnez a0, 2f",
        "j {back}",
        "2:",
        "j {step_back}",
        handler = sym handle_interrupt,
        back = sym back,
        step_back = sym step_back,
        put_aside = const offset_of!(CpuLocal, put_aside),
        current_thread = const offset_of!(CpuLocal, current_thread),
    )
}

/// The same for a system call, with interrupts unmasked. Its result replaces a0.
#[unsafe(naked)]
unsafe extern "C" fn call_entry() {
    naked_asm!(
        save_registers!(),
        "csrsi sstatus, 2",
        "mv a0, a7",
        "mv a1, sp",
        "call {handler}",
        "sd a0, 0(sp)",
        "csrci sstatus, 2",
        "j {back}",
        handler = sym handle_system_call,
        back = sym back,
        put_aside = const offset_of!(CpuLocal, put_aside),
        current_thread = const offset_of!(CpuLocal, current_thread),
    )
}

/// Begins the count to the next step at a0, and goes back. What comes after the firmware's call is counted with it:
/// [`step::AFTER_STEP_BACK`](super::step::AFTER_STEP_BACK).
#[unsafe(naked)]
unsafe extern "C" fn step_back() {
    naked_asm!(
        "mv a3, a0",
        start_counter!(),
        "j {back}",
        back = sym back,
        eid = const COUNTERS,
        fid = const START,
        counter = const COUNTER,
        began = sym BEGAN,
    )
}

/// Goes back to where the registers were saved.
#[unsafe(naked)]
unsafe extern "C" fn back() {
    naked_asm!(
        "ld t0, 152(sp)",
        "csrw sstatus, t0",
        "ld t0, 144(sp)",
        "csrw sepc, t0",
        // Ends a reservation of the interrupted code: it has to load again what a handler may have changed. Where the
        // store is made, it is of what is there.
        "addi t1, sp, 144",
        ".option push",
        ".option arch, +a",
        "sc.d zero, t0, (t1)",
        ".option pop",
        each_register!("ld"),
        "addi sp, sp, 160",
        "sret",
    )
}

/// Asks on the CPU's fault stack whether the access can be done again. If not, goes on as every other fault does.
/// Begins as `entry` has left t0, t1 and sscratch.
#[unsafe(naked)]
unsafe extern "C" fn page_fault_entry() {
    naked_asm!(
        "ld t1, {fault_stack_top}(t0)",
        "sd sp, -16(t1)",
        "addi sp, t1, -176",
        "ld t1, {put_aside}(t0)",
        "csrrw t0, sscratch, t0",
        each_register!("sd"),
        "csrr t0, sscratch",
        "ld gp, {current_thread}(t0)",
        // Another access of the kind can't come before the end: the handler uses the kernel's memory only.
        "call {handler}",
        "beqz a0, 2f",
        each_register!("ld"),
        "ld sp, 160(sp)",
        "sret",
        "2:",
        each_register!("ld"),
        "ld sp, 160(sp)",
        "j {fault}",
        fault_stack_top = const offset_of!(CpuLocal, fault_stack_top),
        put_aside = const offset_of!(CpuLocal, put_aside),
        current_thread = const offset_of!(CpuLocal, current_thread),
        handler = sym handle_page_fault,
        fault = sym fault_entry,
    )
}

/// Takes the CPU's fault stack and calls the handler, which does not return.
#[unsafe(naked)]
unsafe extern "C" fn fault_entry() {
    naked_asm!(
        "mv a0, sp",
        "mv a1, ra",
        "csrr t0, sscratch",
        "ld gp, {current_thread}(t0)",
        "ld sp, {fault_stack_top}(t0)",
        "j {handler}",
        fault_stack_top = const offset_of!(CpuLocal, fault_stack_top),
        current_thread = const offset_of!(CpuLocal, current_thread),
        handler = sym handle_fault,
    )
}
