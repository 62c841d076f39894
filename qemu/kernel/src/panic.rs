//! The end of a run: the final line, and before it what is known when something went wrong.
//!
//! A report names the CPU, the thread, the destructor that runs if one does, the thread's values and
//! all live keys, and what the other threads do.

use core::{
    panic::PanicInfo,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    console, cpu,
    interrupt::Fault,
    machine,
    port::SPACE,
    println, scheduler, suite,
    thread::{Thread, ThreadIndex},
};

/// The status of a run that ended in a panic or a fault.
const STATUS_PANIC: u8 = 2;

/// Prints the final line and powers off. 0 is success.
pub(crate) fn end(status: u8) -> ! {
    println!("tsd: end: status {status}");
    machine::power::power_off(status)
}

/// Reports a fault and ends the run. On the CPU's fault stack.
pub(crate) fn report_fault(fault: &Fault) -> ! {
    report(|| {
        let Fault { name, code, program_counter, link, stack_pointer, address } = fault;
        println!("tsd: fault: {name} (code {code:#x}) at {program_counter:#x}");
        if let Some(link) = link {
            println!("tsd: fault: called from {link:#x}");
        }
        if let Some(address) = address {
            println!("tsd: fault: address {address:#x}, stack pointer {stack_pointer:#x}");
        }
        with_current(|index| {
            scheduler::with_records(|table, _| {
                if let (Some(stack), Some(address)) = (&table.record(index).stack, address)
                    && stack.guards(*address)
                {
                    println!("tsd: fault: the address is in the thread's guard page: its stack is full");
                }
            });
        });
    })
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    machine::interrupts::disable();
    report(|| println!("tsd: {info}"))
}

/// Prints what went wrong and on which thread, and ends the run.
fn report(print_cause: impl FnOnce()) -> ! {
    static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

    if HAS_BEGUN.swap(true, Ordering::SeqCst) {
        // Another CPU reports, or the report itself failed; then the status alone must say so.
        machine::power::power_off(STATUS_PANIC);
    }
    begin_report();
    print_cause();
    with_current(print_values);
    print_threads();
    end_report(STATUS_PANIC)
}

/// Takes the console for the report of what went wrong.
pub(crate) fn begin_report() {
    console::break_lock();
    suite::print_failure();
}

/// Ends a run that went wrong.
pub(crate) fn end_report(status: u8) -> ! {
    suite::print_summary_of_failure();
    end(status)
}

/// Calls `print` with the thread that this CPU runs or has interrupted.
fn with_current(print: impl FnOnce(ThreadIndex)) {
    let mut current = None;
    scheduler::with_records(|_, running| current = running[cpu::id()]);
    match current {
        Some(index) => print(index),
        None => println!("tsd: CPU {} runs no thread yet", cpu::id()),
    }
}

/// Prints the destructor that runs on a thread, its values, and the live keys.
fn print_values(index: ThreadIndex) {
    let slots = &Thread::at(index).slots;
    println!("tsd: on CPU {} in thread {index}", cpu::id());
    if let Some((key, round)) = slots.running_destructor() {
        println!("tsd: in the destructor of key {:#x}, round {round}", key.raw());
    }
    let table = SPACE.table();
    println!("tsd: {} keys in use", table.in_use());
    for info in table.keys() {
        let value = table.get(slots, info.key);
        println!("tsd: key {:#x} \"{}\" {:?} value {value:p}", info.key.raw(), info.name, info.flags);
    }
}

/// Prints what each thread does.
pub(crate) fn print_threads() {
    scheduler::with_records(|table, running| {
        for (cpu, index) in running.iter().enumerate() {
            if let Some(index) = index {
                println!("tsd: CPU {cpu} runs thread {index}");
            }
        }
        for (index, record) in table.iter() {
            println!(
                "tsd: thread {index} \"{}\" priority {} {:x?}, preempted {} times",
                record.options.name, record.options.priority, record.state, record.preemptions
            );
        }
    });
}
