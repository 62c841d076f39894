//! The end of the run with the program's.

use super::output::end_line;
use crate::{
    core::{console::println, panic},
    machine::addresses::FRAMES,
};

/// What a shell adds to the number of the signal that ended a program.
const STATUS_SIGNAL: u8 = 128;
/// The signal that ends a program that used up the RAM, as Linux has it.
const SIGKILL: u8 = 9;

/// Ends the run with the program's status.
pub(super) fn end(status: usize) -> ! {
    end_line();
    // A parent process on POSIX systems sees eight bits.
    let status = status as u8;
    println!("tsd: program: exit {status}");
    panic::end(status)
}

/// Ends the run of a program that a signal ends.
pub(super) fn end_by_signal(signal: u8) -> ! {
    end_line();
    println!("tsd: program: signal {signal}");
    panic::end(STATUS_SIGNAL + signal)
}

/// Ends the run of a program that has used up the RAM, wherever that came about.
pub(super) fn end_out_of_memory() -> ! {
    panic::end_because(STATUS_SIGNAL + SIGKILL, || {
        end_line();
        println!("tsd: kernel: the program has used all of its {} MiB", (FRAMES.end - FRAMES.start) >> 20);
        println!("tsd: program: signal {SIGKILL}");
    })
}
