//! What the machine calls in the kernel above it: all of it, in one table.
//!
//! The boot code, the vectors and the handlers of each CPU's folder end in one of these functions, and name nothing
//! else above them. The kernel defines the table under the symbol `KERNEL`, so that the first CPU has it before
//! anything could have been registered.

use super::program::Frame;

/// An exception that is not an interrupt.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What it is, in the words of the CPU's manual.
    pub(crate) name: &'static str,
    /// The CPU's code for it.
    pub(crate) code: u64,
    /// The instruction that faulted.
    pub(crate) program_counter: usize,
    /// Where its function returns to, where a register says so.
    pub(crate) link: Option<usize>,
    /// The stack pointer at the fault.
    pub(crate) stack_pointer: usize,
    /// The address that was accessed, where the fault is about one.
    pub(crate) address: Option<usize>,
}

/// The kernel's functions, and when they are called.
pub(crate) struct Entries {
    /// The first CPU has booted. Interrupts are masked, the stack is the boot stack, and nothing is set up.
    pub(crate) start: fn() -> !,
    /// A further CPU has booted, likewise: its number.
    pub(crate) start_secondary: fn(cpu: usize) -> !,
    /// The CPU's timer ran out. On the interrupted thread's stack, with interrupts masked and the interrupt ended.
    pub(crate) timer: fn(),
    /// Another CPU, or this one, has sent a reschedule interrupt. Likewise.
    pub(crate) reschedule: fn(),
    /// The thread that is stepped through was stopped at an instruction, with interrupts masked and itself current.
    /// Returns after how many more instructions it is to be stopped again; after 0 for not at all.
    pub(crate) step: fn(program_counter: usize) -> usize,
    /// An access to a page that is not mapped. Returns whether it is mapped now. On the CPU's fault stack.
    pub(crate) page_fault: fn(address: usize) -> bool,
    /// Any other exception. On the CPU's fault stack.
    pub(crate) fault: fn(fault: &Fault) -> !,
    /// A program's system call, with interrupts unmasked. Returns what the program gets.
    pub(crate) system_call: fn(number: usize, frame: &Frame) -> usize,
}

unsafe extern "Rust" {
    /// The kernel's table.
    // SAFETY: `main.rs` defines it, as an immutable static of this type.
    pub(crate) safe static KERNEL: Entries;
}
