//! The test kernel: a small SMP kernel that uses the library as a stranger's kernel would.

#![no_std]
#![no_main]

mod core;
mod machine;
mod modes;

use crate::{
    core::{
        clock, cpu, panic, port,
        scheduler::{dispatch, idle, thread},
    },
    modes::{counts, crash, demo, program, selftest, stepping, storm, suite},
};

/// The status of a run whose checks failed.
const STATUS_FAILED: u8 = 1;
/// The status of a run with a command line that means nothing.
const STATUS_USAGE: u8 = 4;

/// First CPU, from the machine's boot code: interrupts masked, on the boot stack.
fn start() -> ! {
    cpu::init_local(0);
    machine::boot::early_init();
    machine::memory::init();
    dispatch::init();
    init_cpu(0);
    let cpus = machine::boot::cpu_count();
    for cpu in 1..cpus {
        machine::boot::start_cpu(cpu);
    }
    while cpu::online() < cpus {
        ::core::hint::spin_loop();
    }
    println!("tsd: kernel: {cpus} CPUs, {} keys", port::KEYS);
    let options = thread::Options { detached: true, ..thread::Options::new("main") };
    thread::spawn(options, run, 0).expect("nothing runs yet");
    idle::idle()
}

/// Every other CPU, likewise, on a stack of its own.
fn start_secondary(cpu: usize) -> ! {
    cpu::init_local(cpu);
    init_cpu(cpu);
    idle::idle()
}

fn init_cpu(cpu: usize) {
    machine::memory::init_cpu();
    machine::interrupts::init_cpu(cpu);
    machine::timer::init_cpu();
    machine::program::init_cpu();
    dispatch::begin_idle();
    clock::arm_tick(true);
    cpu::set_online();
}

/// The main thread: does what the command line says and ends the run.
fn run(_: usize) -> usize {
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
            panic::end(STATUS_USAGE)
        }
    };
    panic::end(if passed { 0 } else { STATUS_FAILED })
}
