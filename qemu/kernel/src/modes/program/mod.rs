//! C and C++ programs on this kernel's threads.
//!
//! The host links a program with a C library made for Linux, and QEMU lays it into memory beside the
//! kernel. It runs at the kernel's own level, and each of its threads is a thread of the kernel. What the
//! C library asks of Linux by system calls, this kernel answers: see `call` for which.
//!
//! - `image`   what QEMU laid into memory, and the stack that a program starts with
//! - `call`    the entry of all calls
//! - `thread`  threads: create, end, cancel, scheduling
//! - `local`   what the kernel keeps of each of them
//! - `futex`   waiting for a word
//! - `clock`   clocks and sleeping
//! - `memory`  addresses for the program's allocator and its stacks
//! - `pages`   RAM for those that it uses
//! - `output`  the console
//! - `user`, `errno`  values in the program's memory; error numbers
//! - `end`     the end of the run
//! - `report`  what a fault's report says of the program
//!
//! There is one program a run, and its memory is the kernel's: a wild pointer hurts both.

use core::str::SplitAsciiWhitespace;

mod call;
mod clock;
mod end;
mod errno;
mod futex;
mod image;
mod local;
mod memory;
mod output;
mod pages;
mod report;
mod thread;
mod user;

use crate::{
    core::hooks::{self, Hooks},
    machine::{entries::Fault, program::Frame},
};

/// What a program needs of the kernel.
struct Program;

impl Hooks for Program {
    fn after_interrupt(&self) {
        thread::cancel_after_interrupt();
    }

    fn page_fault(&self, address: usize) -> bool {
        memory::touch(address).unwrap_or_else(|_| end::end_out_of_memory())
    }

    fn system_call(&self, number: usize, frame: &Frame) -> Option<usize> {
        Some(call::handle(number, frame))
    }

    fn end_report(&self, fault: Option<&Fault>) {
        if let Some(fault) = fault {
            report::report_fault(fault.name);
        }
    }
}

/// Runs the program with `words` as its arguments. The first word is the time of day: `epoch=SECONDS`.
pub(crate) fn run(mut words: SplitAsciiWhitespace<'static>) -> ! {
    hooks::add(&Program);
    let epoch = words.next().and_then(|word| word.strip_prefix("epoch=")?.parse().ok());
    clock::set_epoch(epoch.expect("the host tells the time of day"));
    let (stack_pointer, program_counter) = image::load(words);
    thread::begin(stack_pointer, program_counter);
    crate::core::scheduler::thread::exit(0)
}
