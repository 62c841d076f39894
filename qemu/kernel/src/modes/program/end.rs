//! The end of the run with the program's.

use super::output::end_line;
use crate::{
    core::{console::println, panic},
    machine::addresses::FRAMES,
};

/// The status of a program that used up the RAM, as a shell would say it of one that Linux has killed for that.
const STATUS_OUT_OF_MEMORY: u8 = 128 + 9;

/// Ends the run with the program's status.
pub(super) fn end(status: usize) -> ! {
    end_line();
    // A parent process on POSIX systems sees eight bits.
    panic::end(status as u8)
}

/// Ends the run of a program that has used up the RAM, wherever that came about.
pub(super) fn end_out_of_memory() -> ! {
    panic::end_because(STATUS_OUT_OF_MEMORY, || {
        end_line();
        println!("tsd: kernel: the program has used all of its {} MiB", (FRAMES.end - FRAMES.start) >> 20);
    })
}
