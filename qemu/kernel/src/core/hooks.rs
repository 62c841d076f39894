//! What the kernel tells a mode that wants to know.
//!
//! Modes know the kernel, and the kernel knows no mode. One that wants to be told of interrupts, steps, faults or the
//! end of the run implements [`Hooks`], as far as it wants, and is registered once. Nothing is ever taken out, so a
//! hook is found without a lock, in an interrupt too.

use spin::Once;

use crate::machine::{entries::Fault, program::Frame};

/// Functions that the kernel calls.
pub(crate) trait Hooks: Sync {
    /// An interrupt is over. On the interrupted thread's stack, with interrupts masked; the thread may end here.
    fn after_interrupt(&self) {}

    /// The thread that is stepped through was stopped at an instruction. Returns after how many more it is to be
    /// stopped again; after 0 for not at all.
    fn step(&self, _program_counter: usize) -> usize {
        0
    }

    /// An access to a page that is not mapped. Returns whether it is mapped now. On the CPU's fault stack.
    fn page_fault(&self, _address: usize) -> bool {
        false
    }

    /// A program's system call. Returns its result, if this is who answers it.
    fn system_call(&self, _number: usize, _frame: &Frame) -> Option<usize> {
        None
    }

    /// The run is about to end well.
    fn at_end(&self) {}

    /// The report of a run that went wrong begins. Here and below, on the last CPU, wherever it was interrupted: with
    /// no lock that others may hold.
    fn begin_report(&self) {}

    /// The report has said what went wrong.
    fn in_report(&self) {}

    /// The report is complete, but for what the mode has to say of the fault, if it was one.
    fn end_report(&self, _fault: Option<&Fault>) {}
}

/// One for the mode, one for coverage.
static HOOKS: [Once<&'static dyn Hooks>; 2] = [const { Once::new() }; 2];

/// Registers `hooks` for the rest of the run. On the main thread.
pub(crate) fn add(hooks: &'static dyn Hooks) {
    let free = HOOKS.iter().find(|hooks| !hooks.is_completed()).expect("room for the hooks");
    free.call_once(|| hooks);
}

/// Returns the hooks that are registered, in the order in which they were.
pub(crate) fn all() -> impl Iterator<Item = &'static dyn Hooks> {
    HOOKS.iter().filter_map(Once::get).copied()
}
