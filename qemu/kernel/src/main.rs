//! The test kernel: a small SMP kernel that uses the library as a stranger's kernel would.
//!
//! Three rooms, and arrows go one way: modes → core → machine.
//! - `machine`  all that knows the CPU and the board. It names nothing above it: where to go on after boot, and whom to
//!   call in an interrupt, it finds in the table `KERNEL` below.
//! - `core`     the kernel proper: CPUs, console, clock, threads, interrupts, and the library's port. It names no mode:
//!   one that wants to be told of something registers its hooks there.
//! - `modes`    what a run can do: the suite, the selftest, the demo, programs, …
//!
//! docs/embedding.md says which lines embed the library.
//!
//! Everything runs at the CPU's kernel level in one address space. The command line chooses what the
//! run does; each run ends with the line `tsd: end: status N` and powers the machine off with it.

#![no_std]
#![no_main]

mod core;
mod machine;
mod modes;

use crate::{
    core::{interrupt, start},
    machine::entries::Entries,
};

/// What the machine calls.
// SAFETY: `machine::entries` declares this symbol, with this type.
#[unsafe(no_mangle)]
static KERNEL: Entries = Entries {
    start: || start::first(modes::run),
    start_secondary: start::secondary,
    timer: interrupt::timer,
    reschedule: interrupt::reschedule,
    step: interrupt::step,
    page_fault: interrupt::page_fault,
    fault: interrupt::fault,
    system_call: interrupt::system_call,
};
