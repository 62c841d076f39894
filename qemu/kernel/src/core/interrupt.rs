//! What the machine's interrupt and exception entries call.
//!
//! A handler runs on the stack of the thread that it interrupted, with interrupts masked. In the
//! timer interrupt there is no current thread, so that the library answers "no thread" in it. At its end
//! a handler may switch to another thread; the interrupted one goes on when it is chosen again.

use core::sync::atomic::Ordering;

use crate::{
    core::{
        clock, cpu, panic,
        scheduler::{
            dispatch,
            thread::{self, Thread},
        },
        watchdog,
    },
    machine,
    modes::{program, stepping},
};

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

/// What a thread wants to be called in an interrupt of itself: a function, its argument, and whether
/// the thread is current meanwhile.
pub(crate) type Call = (fn(usize), usize, bool);

/// Calls `handler` in an interrupt of the running thread, which is current meanwhile.
pub(crate) fn call(handler: fn(usize), argument: usize) {
    call_in_interrupt((handler, argument, true));
}

/// Calls `handler` in an interrupt of the running thread, with no current thread.
pub(crate) fn call_without_thread(handler: fn(usize), argument: usize) {
    call_in_interrupt((handler, argument, false));
}

fn call_in_interrupt(call: Call) {
    let place = &Thread::current().expect("a thread is running").interrupt_call;
    let masked = |work: &mut dyn FnMut() -> bool| {
        let state = machine::interrupts::save_and_disable();
        let result = work();
        // SAFETY: The state is from above, on the same CPU since interrupts were masked.
        unsafe { machine::interrupts::restore(state) };
        result
    };
    masked(&mut || place.lock().replace(call).is_none());
    // Where the thread migrates before the interrupt comes, it sends itself another one.
    while masked(&mut || {
        let is_due = place.lock().is_some();
        if is_due {
            machine::ipi::send_reschedule(cpu::id());
        }
        is_due
    }) {}
}

/// Does what the interrupted thread has asked for.
fn run_call(thread: &Thread) {
    let call = thread.interrupt_call.lock().take();
    if let Some((handler, argument, has_thread)) = call {
        if has_thread {
            handler(argument);
        } else {
            without_thread(|| handler(argument));
        }
    }
}

/// The CPU's timer ran out; the interrupt is already ended.
pub(crate) fn timer() {
    let now_ns = clock::now_ns();
    without_thread(|| watchdog::check(now_ns));
    dispatch::tick(now_ns);
    thread::test_cancel_after_interrupt();
    program::cancel_after_interrupt();
}

/// Another CPU, or this one, asked this CPU to look for a better thread.
pub(crate) fn reschedule() {
    if let Some(thread) = Thread::current() {
        run_call(thread);
    }
    dispatch::preempt();
    thread::test_cancel_after_interrupt();
    program::cancel_after_interrupt();
}

/// The thread that is stepped through is at an instruction, with interrupts masked and itself current. Returns whether it
/// is to be stopped at the next one too.
pub(crate) fn step(program_counter: usize) -> bool {
    stepping::boundary(program_counter)
}

fn without_thread(work: impl FnOnce()) {
    let interrupted = machine::cpu::current_thread();
    machine::cpu::set_current_thread(core::ptr::null());
    work();
    machine::cpu::set_current_thread(interrupted);
}

/// Ends the run with a report, or the thread if it is one that expects to fault. On the CPU's fault
/// stack.
pub(crate) fn fault(fault: &Fault) -> ! {
    match Thread::current() {
        Some(thread) if thread.survives_fault.swap(false, Ordering::SeqCst) => thread::end_faulted(fault.address),
        _ => panic::report_fault(fault),
    }
}
