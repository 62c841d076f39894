//! What the machine's interrupt and exception entries call.
//!
//! A handler runs on the stack of the thread that it interrupted, with interrupts masked. While it
//! works there is no current thread, so that the library answers "no thread" in it. At its end it
//! may switch to another thread; the interrupted one goes on when it is chosen again.

use core::sync::atomic::Ordering;

use spin::Mutex;

use crate::{clock, machine, panic, scheduler, thread, thread::Thread, watchdog};

/// An exception that is not an interrupt.
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

/// What a check wants to run in the timer interrupt. Locked with interrupts masked only.
static PROBE: Mutex<Option<fn()>> = Mutex::new(None);

/// Runs `probe` in each timer interrupt from now on.
pub(crate) fn set_probe(probe: Option<fn()>) {
    let state = machine::interrupts::save_and_disable();
    *PROBE.lock() = probe;
    // SAFETY: The state is from above, on the same CPU since interrupts were masked.
    unsafe { machine::interrupts::restore(state) };
}

/// The CPU's timer ran out; the interrupt is already ended.
pub(crate) fn timer() {
    without_thread(|| {
        clock::arm_tick();
        let now_ns = clock::now_ns();
        watchdog::check(now_ns);
        scheduler::wake_sleepers(now_ns);
        if let Some(probe) = *PROBE.lock() {
            probe();
        }
    });
    scheduler::preempt(true);
    thread::test_cancel_after_interrupt();
}

/// Another CPU, or this one, asked this CPU to look for a better thread.
pub(crate) fn reschedule() {
    scheduler::preempt(false);
    thread::test_cancel_after_interrupt();
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
        Some(thread) if thread.survives_fault.swap(false, Ordering::SeqCst) => {
            thread::end_faulted(fault.address)
        }
        _ => panic::report_fault(fault),
    }
}
