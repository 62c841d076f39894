//! C and C++ programs on this kernel's threads.
//!
//! The host links a program with a C library made for Linux, and QEMU lays it into memory beside the
//! kernel. It runs at the kernel's own level, and each of its threads is a thread of the kernel. What the
//! C library asks of Linux by system calls, this kernel answers: see `call` for which.
//!
//! - `image`   what QEMU laid into memory, and the stack that a program starts with
//! - `call`    the entry of all calls, and their error numbers
//! - `thread`  threads: create, end, cancel, scheduling
//! - `futex`   waiting for a word
//! - `clock`   clocks and sleeping
//! - `memory`  addresses for the program's allocator and its stacks
//! - `pages`   RAM for those that it uses
//! - `output`  the console
//! - `report`  what a fault's report says of the program
//!
//! There is one program a run, and its memory is the kernel's: a wild pointer hurts both.

use core::str::SplitAsciiWhitespace;

pub(crate) mod call;
mod clock;
mod futex;
mod image;
mod memory;
mod output;
mod pages;
mod report;
mod thread;

use crate::println;

pub(crate) use memory::touch;
pub(crate) use report::report_fault;
pub(crate) use thread::cancel_after_interrupt;

/// Runs the program with `words` as its arguments. The first word is the time of day: `epoch=SECONDS`.
pub(crate) fn run(mut words: SplitAsciiWhitespace<'static>) -> ! {
    let epoch = words.next().and_then(|word| word.strip_prefix("epoch=")?.parse().ok());
    clock::set_epoch(epoch.expect("the host tells the time of day"));
    let (stack_pointer, program_counter) = image::load(words);
    thread::begin(stack_pointer, program_counter);
    crate::thread::exit(0)
}

/// Ends the run with the program's status.
fn end(status: usize) -> ! {
    output::end_line();
    // A parent process on POSIX systems sees eight bits.
    let status = status as u8;
    println!("tsd: program: exit {status}");
    crate::panic::end(status)
}

/// What a shell adds to the number of the signal that ended a program.
const STATUS_SIGNAL: u8 = 128;

/// Ends the run of a program that a signal ends.
fn end_by_signal(signal: u8) -> ! {
    output::end_line();
    println!("tsd: program: signal {signal}");
    crate::panic::end(STATUS_SIGNAL + signal)
}
