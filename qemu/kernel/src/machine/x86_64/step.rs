//! Single steps: an exception at each instruction boundary of one call.
//!
//! The trap flag in RFLAGS raises the debug exception after each instruction that began with the flag set. The entry
//! is in `vectors`; the CPU clears the flag there, so that the handler itself is not stepped through.
//!
//! Reference: Intel SDM volume 3B, 17.3.1.4 "Single-Step Exception Condition".

use core::{arch::naked_asm, ffi::c_void};

use super::{
    handlers::{ExceptionFrame, handle_fault},
    steps,
};
use crate::machine::counted::Call;

/// Whether every call ends while it is stepped through.
pub(crate) const POSSIBLE: bool = true;

/// RFLAGS.TF.
const TRAP_FLAG: u64 = 1 << 8;
const DEBUG_EXCEPTION: usize = 1;

unsafe extern "C" {
    /// Behind the last instruction of [`stepped`].
    static step_call_end: u8;
}

/// Calls `function(key, value)`, with `Entries::step` called at boundary number `first`, and then where it says. The
/// boundaries are those from the one before the function's first instruction, which is number 1, to the one before its
/// return.
///
/// # Safety
///
/// Interrupts are masked, and `Entries::step` knows what to do.
pub(crate) unsafe fn call(first: usize, function: Call, key: usize, value: *mut c_void) -> usize {
    steps::begin(first);
    // SAFETY: The caller's word.
    unsafe { stepped(function, key, value) }
}

/// The same, with an exception at each boundary.
///
/// # Safety
///
/// As [`call`].
#[unsafe(naked)]
unsafe extern "C" fn stepped(function: Call, key: usize, value: *mut c_void) -> usize {
    naked_asm!(
        // Aligns the stack, too.
        "push rbx",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsi, rdx",
        "pushfq",
        "or dword ptr [rsp], {trap_flag}",
        // The first exception comes after the next instruction, the call.
        "popfq",
        "call rax",
        "pushfq",
        "and dword ptr [rsp], ~{trap_flag}",
        "popfq",
        "pop rbx",
        "ret",
        ".globl step_call_end",
        "step_call_end:",
        trap_flag = const TRAP_FLAG,
    )
}

/// What the entry stores, and above it what the CPU does.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Frame {
    registers: [usize; 9],
    program_counter: usize,
    code_segment: u64,
    flags: u64,
    stack_pointer: usize,
    stack_segment: u64,
}

/// Handles one debug exception. Runs on the CPU's fault stack.
pub(super) extern "C" fn handle_step(frame: &mut Frame) {
    let Frame { program_counter, code_segment, flags, stack_pointer, stack_segment, .. } = *frame;
    if flags & TRAP_FLAG == 0 && !is_in_call(program_counter) {
        // Not a step.
        handle_fault(&ExceptionFrame {
            vector: DEBUG_EXCEPTION,
            error_code: 0,
            program_counter,
            code_segment,
            flags,
            stack_pointer,
            stack_segment,
        })
    }
    if !is_in_call(program_counter) && !steps::pass(program_counter) {
        frame.flags &= !TRAP_FLAG;
    }
}

fn is_in_call(program_counter: usize) -> bool {
    (stepped as *const () as usize..(&raw const step_call_end).addr()).contains(&program_counter)
}

/// The number of instructions of [`known`].
pub(crate) const KNOWN_INSTRUCTIONS: u64 = 103;

/// A call whose length is known, with a loop in it.
#[unsafe(naked)]
pub(crate) extern "C" fn known(_: usize, _: *mut c_void) -> usize {
    naked_asm!("mov ecx, 50", "2:", "dec ecx", "jnz 2b", "mov eax, edi", "ret",)
}
