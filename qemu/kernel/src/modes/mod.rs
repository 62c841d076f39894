//! What a run can do: one mode, which the first word of the command line names.
//!
//! - `suite`      the shared suite on this kernel, and the examples
//! - `selftest`   what the kernel checks of itself
//! - `counts`     instructions of each call
//! - `stepping`   an interrupt at each instruction of each call
//! - `storm`      threads and keys that come and go under preemption at random intervals
//! - `demo`       the request server
//! - `crash`      runs that must end badly
//! - `program`    C and C++ programs: Linux's system calls on this kernel's threads
//! - `coverage`   no mode, but told of each run's end: the counters of a build that has them
//!
//! A mode that wants to be told of interrupts, steps, faults or the end of the run registers its hooks.

mod counts;
mod coverage;
mod crash;
mod demo;
mod examples;
mod program;
mod selftest;
mod stepping;
mod storm;
mod suite;

use crate::{
    core::{console::println, hooks, panic},
    machine,
};

/// The status of a run whose checks failed.
const STATUS_FAILED: u8 = 1;

/// The main thread: does what the command line says and ends the run.
pub(crate) fn run(_: usize) -> usize {
    hooks::add(&coverage::Coverage);
    let mut words = machine::boot::command_line().split_ascii_whitespace();
    let passed = match words.next() {
        Some("selftest") => selftest::run(words),
        Some("crash") => crash::run(words),
        Some("counts") => counts::run(),
        Some("stepping") => stepping::run(words),
        Some("demo") => demo::run(words),
        Some("storm") => storm::run(words),
        Some("suite") => suite::run(words),
        Some("program") => program::run(words),
        mode => {
            println!("tsd: kernel: no such mode: {}", mode.unwrap_or("(none)"));
            panic::end(panic::STATUS_USAGE)
        }
    };
    panic::end(if passed { 0 } else { STATUS_FAILED })
}
