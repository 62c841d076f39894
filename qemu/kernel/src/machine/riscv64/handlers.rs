//! The way from a vector to the kernel's entries.

use riscv::register::{scause, sepc, sie, sip, stval};

use super::{program::Frame, step, timer};
use crate::machine::entries::{Fault, KERNEL};

/// Handles one interrupt, on the stack of the thread that it interrupted. The thread may have
/// migrated when this returns. Returns from what the counter of steps begins again, or 0 if it does not.
pub(super) extern "C" fn handle_interrupt(frame: &mut Frame) -> usize {
    let (pending, enabled) = (sip::read(), sie::read());
    if step::is_on(enabled.bits()) {
        return step::handle_step(frame);
    } else if pending.ssoft() {
        // SAFETY: Ends the request, which the kernel answers next.
        unsafe { sip::clear_ssoft() };
        (KERNEL.reschedule)();
    } else if pending.stimer() {
        timer::disarm();
        (KERNEL.timer)();
    }
    0
}

/// Returns whether the access that faulted can be done again. Runs on the CPU's fault stack.
pub(super) extern "C" fn handle_page_fault() -> bool {
    (KERNEL.page_fault)(stval::read())
}

/// Answers a program's system call, on the stack of its thread.
pub(super) extern "C" fn handle_system_call(number: usize, frame: &mut Frame) -> usize {
    // Where the program goes on, a new thread of it, too.
    frame.program_counter += SYSTEM_CALL_BYTES;
    (KERNEL.system_call)(number, frame)
}

/// The length of the instruction by which a program calls.
const SYSTEM_CALL_BYTES: usize = 4;

/// Reports an exception that is not an interrupt. Runs on the CPU's fault stack.
pub(super) extern "C" fn handle_fault(stack_pointer: usize, link: usize) -> ! {
    let code = scause::read().code();
    // Other exceptions have none, or an instruction there.
    let has_address = matches!(code, 0 | 1 | 4..=7 | 12 | 13 | 15);
    (KERNEL.fault)(&Fault {
        name: NAMES.get(code).unwrap_or(&"exception"),
        code: code as u64,
        program_counter: sepc::read(),
        link: Some(link),
        stack_pointer,
        address: has_address.then(stval::read),
    })
}

/// The names of the codes. Reference: RISC-V Instruction Set Manual, volume II, "Supervisor Cause (scause) Register".
const NAMES: [&str; 16] = [
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store address misaligned",
    "store access fault",
    "system call from U-mode",
    "system call from S-mode",
    "exception 10",
    "exception 11",
    "instruction page fault",
    "load page fault",
    "exception 14",
    "store page fault",
];
