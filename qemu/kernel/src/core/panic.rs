//! The end of a run: the final line, and before it what is known when something went wrong.
//!
//! One CPU ends the run; the first that wants to. A report names the CPU, the thread, all live keys, and what every
//! thread does, with its destructor if it is in one, and its values; in the words of the debugger's script, `src/gdb`.

use core::{
    panic::PanicInfo,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::{
    core::{
        console::{self, println},
        cpu, hooks,
        port::SPACE,
        scheduler::{
            control_block::Thread,
            locked::{self, Seized},
        },
    },
    machine::{self, entries::Fault},
};

/// The status of a run that ended in a panic or a fault.
const STATUS_PANIC: u8 = 2;
/// The status of a run that hung.
const STATUS_HUNG: u8 = 3;
/// The status of a run that was asked for something that is not there.
pub(crate) const STATUS_USAGE: u8 = 4;

const NO_CPU: usize = usize::MAX;

/// Prints the final line and powers off. 0 is success.
pub(crate) fn end(status: u8) -> ! {
    end_because(status, || ())
}

/// The same after `print_cause`, wherever the caller was interrupted.
pub(crate) fn end_because(status: u8, print_cause: impl FnOnce()) -> ! {
    become_last();
    print_cause();
    hooks::all().for_each(|hooks| hooks.at_end());
    println!("tsd: end: status {status}");
    machine::power::power_off(status)
}

/// Returns on the first CPU that calls it, with interrupts masked from now on. Any other CPU stops
/// here: two ends of a run would be mixed up. A second call means that the report itself failed, and
/// powers off with no more words.
fn become_last() {
    static LAST_CPU: AtomicUsize = AtomicUsize::new(NO_CPU);

    machine::interrupts::disable();
    match LAST_CPU.compare_exchange(NO_CPU, cpu::id(), Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => console::break_lock(),
        Err(last) if last == cpu::id() => machine::power::power_off(STATUS_PANIC),
        Err(_) => loop {
            core::hint::spin_loop();
        },
    }
}

/// Reports a fault and ends the run. On the CPU's fault stack.
pub(crate) fn report_fault(fault: &Fault) -> ! {
    let print_cause = |scheduler: &Seized| {
        let Fault { name, code, program_counter, link, stack_pointer, address } = fault;
        println!("tsd: fault: {name} (code {code:#x}) at {program_counter:#x}");
        if let Some(link) = link {
            println!("tsd: fault: called from {link:#x}");
        }
        let Some(address) = address else { return };
        println!("tsd: fault: address {address:#x}, stack pointer {stack_pointer:#x}");
        let stack = scheduler.current(cpu::id()).and_then(|index| scheduler.table.record(index).stack.as_ref());
        if stack.is_some_and(|stack| stack.guards(*address)) {
            println!("tsd: fault: the address is in the thread's guard page: its stack is full");
        }
    };
    report(STATUS_PANIC, Some(fault), print_cause)
}

/// Reports that `subject` has not ended in its time, and ends the run.
pub(crate) fn report_hang(subject: &str) -> ! {
    report(STATUS_HUNG, None, |_| println!("tsd: watchdog: {subject} hangs"))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report(STATUS_PANIC, None, |_| println!("tsd: {info}"))
}

/// Prints what went wrong and what is known, and ends the run.
fn report(status: u8, fault: Option<&Fault>, print_cause: impl FnOnce(&Seized)) -> ! {
    become_last();
    hooks::all().for_each(|hooks| hooks.begin_report());
    let scheduler = locked::seize();
    print_cause(&scheduler);
    hooks::all().for_each(|hooks| hooks.in_report());
    match scheduler.current(cpu::id()) {
        Some(index) => {
            println!("tsd: on CPU {} in thread {index} \"{}\"", cpu::id(), scheduler.table.record(index).options.name);
        }
        None => println!("tsd: CPU {} runs no thread yet", cpu::id()),
    }
    print_keys(&scheduler);
    print_threads(&scheduler);
    hooks::all().for_each(|hooks| hooks.end_report(fault));
    println!("tsd: end: status {status}");
    machine::power::power_off(status)
}

/// Prints the live keys, and in how many threads each has a value.
fn print_keys(scheduler: &Seized) {
    let table = SPACE.table();
    println!("tsd: {}", table.usage());
    for info in table.keys() {
        let has_value = |index| !table.get(&Thread::at(index).slots, info.key).is_null();
        let threads = scheduler.table.iter().filter(|(index, _)| has_value(*index)).count();
        println!("tsd: {info}, set in {threads} thread{}", if threads == 1 { "" } else { "s" });
    }
}

/// Prints what each thread does, how far its exit has come, and its values.
fn print_threads(scheduler: &Seized) {
    let table = SPACE.table();
    for (index, record) in scheduler.table.iter() {
        let thread = Thread::at(index);
        println!(
            "tsd: thread {index} \"{}\" priority {} {:x?}, preempted {} times",
            record.options.name, record.options.priority, record.state, record.preemptions
        );
        if !thread.slots.is_idle() {
            let state = table.thread_state(&thread.slots, Some(thread.exit_functions.as_list()));
            println!("tsd: thread {index} \"{}\": {state}", record.options.name);
        }
        for (info, value) in table.values(&thread.slots) {
            println!("tsd:   key {:#x} \"{}\" value {value:p}", info.key.raw(), info.name);
        }
    }
}
