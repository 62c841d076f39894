//! Single steps: an exception at each instruction boundary of one call.
//!
//! Software step: with MDSCR_EL1.SS and KDE set and PSTATE.D clear, an exception comes before each instruction that
//! PSTATE.SS does not let pass. The entry is in `vectors`; the CPU sets PSTATE.D there, so that the handler itself is
//! not stepped through.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D2.12 "Software Step exceptions".

use core::{arch::naked_asm, ffi::c_void};

use super::steps;
use crate::machine::counted::Call;

/// Whether every call ends while it is stepped through. A loop around load-exclusive and store-exclusive
/// never does: each exception clears the monitor.
pub(crate) const POSSIBLE: bool = cfg!(target_feature = "lse");

/// SPSR_EL1.SS: the next instruction passes.
const PASS: u64 = 1 << 21;
/// SPSR_EL1.D: no debug exceptions.
const MASKED: u64 = 1 << 9;
/// MDSCR_EL1.SS and KDE: software step, at EL1 too.
const STEP: u64 = 1 << 0 | 1 << 13;

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
        "stp x29, x30, [sp, #-16]!",
        "mov x9, x0",
        "mov x0, x1",
        "mov x1, x2",
        // While the OS lock is set there are no debug exceptions. It is, after a reset.
        "msr oslar_el1, xzr",
        "mov x10, #{step}",
        "msr mdscr_el1, x10",
        "isb",
        // From here on the CPU may step.
        "msr daifclr, #8",
        "blr x9",
        "msr daifset, #8",
        "msr mdscr_el1, xzr",
        "isb",
        "ldp x29, x30, [sp], #16",
        "ret",
        ".globl step_call_end",
        "step_call_end:",
        step = const STEP,
    )
}

/// What the entry has stored.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Frame {
    registers: [usize; 20],
    program_counter: usize,
    state: u64,
}

/// Handles one software step. Runs on the stack of the thread that is stepped through.
pub(super) extern "C" fn handle_step(frame: &mut Frame) {
    if is_in_call(frame.program_counter) || steps::pass(frame.program_counter) {
        frame.state |= PASS;
    } else {
        frame.state |= MASKED;
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
    naked_asm!("mov x9, #50", "2:", "subs x9, x9, #1", "b.ne 2b", "nop", "ret",)
}
