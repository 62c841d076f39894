//! What the machine's interrupt and exception entries call.

/// An exception that the kernel did not ask for.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What it is, in the words of the CPU's manual.
    pub(crate) name: &'static str,
    /// The CPU's code for it.
    pub(crate) code: u64,
    /// The instruction that faulted.
    pub(crate) program_counter: usize,
    /// Where its function returns to, as far as a register says so.
    pub(crate) link: usize,
    /// The stack pointer at the fault.
    pub(crate) stack_pointer: usize,
    /// The address that was accessed, where the fault is about one.
    pub(crate) address: Option<usize>,
}

/// The CPU's timer ran out. Interrupts are masked; the interrupt is already ended.
pub(crate) fn timer() {}

/// Another CPU, or this one, asked this CPU to look for a better thread.
pub(crate) fn reschedule() {}

/// Reports `fault` and ends the run. On the CPU's fault stack.
pub(crate) fn fault(fault: &Fault) -> ! {
    crate::panic::report_fault(fault)
}
