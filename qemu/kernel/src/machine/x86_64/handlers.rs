//! The way from a vector to the kernel's entries.

use x86_64::registers::control::Cr2;

use super::{apic, program::Frame};
use crate::machine::entries::{Fault, KERNEL};

/// Handles one interrupt, on the stack of the thread that it interrupted. The thread may have
/// migrated when this returns.
pub(super) extern "C" fn handle_interrupt(vector: u8) {
    // First, because the handlers may switch threads and come back much later.
    apic::end_of_interrupt();
    match vector {
        apic::TIMER => (KERNEL.timer)(),
        apic::RESCHEDULE => (KERNEL.reschedule)(),
        other => unreachable!("vector {other} has no entry"),
    }
}

/// What the CPU pushes for an exception, and below it what the entry adds.
#[derive(Debug)]
#[repr(C)]
pub(super) struct ExceptionFrame {
    pub(super) vector: usize,
    /// 0 for an exception that has none.
    pub(super) error_code: u64,
    pub(super) program_counter: usize,
    pub(super) code_segment: u64,
    pub(super) flags: u64,
    pub(super) stack_pointer: usize,
    pub(super) stack_segment: u64,
}

const DOUBLE_FAULT: usize = 8;
const PAGE_FAULT: usize = 14;

/// Reports an exception. Runs on one of the CPU's fault stacks.
pub(super) extern "C" fn handle_fault(frame: &ExceptionFrame) -> ! {
    let &ExceptionFrame { vector, error_code, program_counter, stack_pointer, .. } = frame;
    // A double fault mostly comes from a page fault that could not be entered.
    let address = matches!(vector, DOUBLE_FAULT | PAGE_FAULT).then(|| Cr2::read_raw() as usize);
    (KERNEL.fault)(&Fault {
        name: if vector == PAGE_FAULT { page_fault_name(error_code) } else { NAMES[vector] },
        code: error_code,
        program_counter,
        link: None,
        stack_pointer,
        address,
    })
}

/// Returns whether the access that faulted can be done again. On the CPU's fault stack.
pub(super) extern "C" fn handle_page_fault(error_code: u64) -> bool {
    error_code & PRESENT == 0 && (KERNEL.page_fault)(Cr2::read_raw() as usize)
}

/// Answers a program's system call, on the stack of its thread.
pub(super) extern "C" fn handle_system_call(number: usize, frame: &Frame) -> usize {
    (KERNEL.system_call)(number, frame)
}

/// Of a page fault's error code: the page is mapped, but not for this access.
const PRESENT: u64 = 1 << 0;

fn page_fault_name(error_code: u64) -> &'static str {
    const WRITE: u64 = 1 << 1;
    const FETCH: u64 = 1 << 4;

    match (error_code & PRESENT != 0, error_code & WRITE != 0, error_code & FETCH != 0) {
        (false, false, false) => "page fault: read of a page that is not mapped",
        (false, true, _) => "page fault: write to a page that is not mapped",
        (false, false, true) => "page fault: instruction in a page that is not mapped",
        (true, false, false) => "page fault: read that is not allowed",
        (true, true, _) => "page fault: write that is not allowed",
        (true, false, true) => "page fault: instruction in a page of data",
    }
}

/// The names of the vectors below 32. Reference: Intel SDM volume 3A, table 6-1.
const NAMES: [&str; 32] = [
    "divide error",
    "debug exception",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid task state segment",
    "segment not present",
    "stack-segment fault",
    "general protection fault",
    "page fault",
    "reserved exception 15",
    "x87 floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point exception",
    "virtualization exception",
    "control protection exception",
    "reserved exception 22",
    "reserved exception 23",
    "reserved exception 24",
    "reserved exception 25",
    "reserved exception 26",
    "reserved exception 27",
    "hypervisor injection exception",
    "VMM communication exception",
    "security exception",
    "reserved exception 31",
];
