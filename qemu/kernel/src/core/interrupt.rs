//! What the machine's interrupt and exception entries call.
//!
//! A handler runs on the stack of the thread that it interrupted, with interrupts masked. In the
//! timer interrupt there is no current thread, so that the library answers "no thread" in it. At its end
//! a handler may switch to another thread; the interrupted one goes on when it is chosen again.

use core::sync::atomic::Ordering;

use crate::{
    core::{
        clock, cpu, hooks, panic,
        scheduler::{
            control_block::{InterruptCall, Thread},
            dispatch,
            exit::{end_faulted, test_cancel_after_interrupt},
        },
        watchdog,
    },
    machine::{self, entries::Fault, interrupts::without_interrupts, program::Frame},
};

/// Calls `handler` in an interrupt of the running thread, which is current meanwhile.
pub(crate) fn call(handler: fn(usize), argument: usize) {
    call_in_interrupt((handler, argument, true));
}

/// Calls `handler` in an interrupt of the running thread, with no current thread.
pub(crate) fn call_without_thread(handler: fn(usize), argument: usize) {
    call_in_interrupt((handler, argument, false));
}

fn call_in_interrupt(call: InterruptCall) {
    let wanted = &Thread::current().expect("a thread is running").interrupt_call;
    without_interrupts(|| *wanted.lock() = Some(call));
    // Where the thread migrates before the interrupt comes, it sends itself another one.
    while without_interrupts(|| {
        let is_due = wanted.lock().is_some();
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
    after_interrupt();
}

/// Another CPU, or this one, asked this CPU to look for a better thread.
pub(crate) fn reschedule() {
    if let Some(thread) = Thread::current() {
        run_call(thread);
    }
    dispatch::preempt();
    after_interrupt();
}

fn after_interrupt() {
    test_cancel_after_interrupt();
    hooks::all().for_each(|hooks| hooks.after_interrupt());
}

/// The thread that is stepped through was stopped at an instruction, with interrupts masked and itself current. Returns
/// after how many more instructions it is to be stopped again; after 0 for not at all.
pub(crate) fn step(program_counter: usize) -> usize {
    hooks::all().map(|hooks| hooks.step(program_counter)).max().unwrap_or(0)
}

/// Returns whether the access to a page that is not mapped can be done again. On the CPU's fault stack.
pub(crate) fn page_fault(address: usize) -> bool {
    hooks::all().any(|hooks| hooks.page_fault(address))
}

/// Answers a program's system call.
pub(crate) fn system_call(number: usize, frame: &Frame) -> usize {
    let answer = hooks::all().find_map(|hooks| hooks.system_call(number, frame));
    answer.unwrap_or_else(|| panic!("system call {number} where no program runs"))
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
        Some(thread) if thread.survives_fault.swap(false, Ordering::SeqCst) => end_faulted(fault.address),
        _ => panic::report_fault(fault),
    }
}
