//! The way from a vector to the kernel's entries.

use core::arch::asm;

use super::{gic, program::Frame, timer};
use crate::machine::entries::{Fault, KERNEL};

/// Handles one interrupt, on the stack of the thread that it interrupted. The thread may have
/// migrated when this returns.
pub(super) extern "C" fn handle_interrupt() {
    match gic::acknowledge() {
        Some(gic::TIMER) => {
            timer::disarm();
            gic::end(gic::TIMER);
            (KERNEL.timer)();
        }
        Some(gic::RESCHEDULE) => {
            gic::end(gic::RESCHEDULE);
            (KERNEL.reschedule)();
        }
        Some(other) => panic!("interrupt {other} came and was never enabled"),
        None => {}
    }
}

/// Returns whether the access that was aborted can be done again. Runs on the CPU's fault stack.
pub(super) extern "C" fn handle_abort(syndrome: u64, address: usize) -> bool {
    // A translation fault, on any level. Reference: Arm Architecture Reference Manual, "ESR_EL1", data fault status.
    let is_not_mapped = syndrome & 0b11_1100 == 0b00_0100;
    is_not_mapped && (KERNEL.page_fault)(address)
}

/// Answers a program's system call, on the stack of its thread.
pub(super) extern "C" fn handle_system_call(number: usize, frame: &Frame) -> usize {
    (KERNEL.system_call)(number, frame)
}

/// Reports an exception that is not an interrupt. Runs on the CPU's fault stack.
pub(super) extern "C" fn handle_fault(stack_pointer: usize, link: usize) -> ! {
    let (syndrome, program_counter, address): (u64, usize, usize);
    // SAFETY: The three registers describe the exception that was just taken; nothing has taken
    // another since. `nomem`, `nostack`, `preserves_flags`: register reads.
    unsafe {
        asm!(
            "mrs {}, esr_el1", "mrs {}, elr_el1", "mrs {}, far_el1",
            out(reg) syndrome, out(reg) program_counter, out(reg) address,
            options(nomem, nostack, preserves_flags),
        );
    }
    let class = syndrome >> 26 & 0x3f;
    let name = match class {
        0x00 => "unknown or undefined instruction",
        0x07 => "access to vector registers",
        0x21 => "instruction abort",
        0x22 => "misaligned program counter",
        0x25 => "data abort",
        0x26 => "misaligned stack pointer",
        0x2f => "system error",
        0x3c => "breakpoint instruction",
        _ => "exception",
    };
    // Only aborts have an address; far_el1 keeps an old value otherwise.
    let address = matches!(class, 0x21 | 0x22 | 0x25).then_some(address);
    (KERNEL.fault)(&Fault { name, code: syndrome, program_counter, link: Some(link), stack_pointer, address })
}
