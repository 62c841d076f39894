//! The kernel proper: what a kernel author may copy, and where the library is embedded.
//!
//! From the bottom up; a file uses what stands above it in this list.
//! - `cpu`        which CPU runs the caller
//! - `console`    `print!` and `println!` with one lock
//! - `clock`      time and the tick
//! - `hooks`      what the kernel tells a mode that wants to know
//! - `capacity`   how many keys, thread-exit functions and notifications there are
//! - `scheduler`  threads, who runs where, and what each waits for
//! - `port`       the library's port and the key space: it uses `scheduler::wait`, and `scheduler::exit` uses it
//! - `panic`, `watchdog`  the end of a run, good or bad
//! - `trace`      what happens on each CPU, for a timeline
//! - `interrupt`  what the machine calls for timer, reschedule, step and fault
//! - `start`      from the boot code to the first thread

pub(crate) mod capacity;
pub(crate) mod clock;
pub(crate) mod console;
pub(crate) mod cpu;
pub(crate) mod hooks;
pub(crate) mod interrupt;
pub(crate) mod panic;
pub(crate) mod port;
pub(crate) mod scheduler;
pub(crate) mod start;
pub(crate) mod trace;
pub(crate) mod watchdog;
