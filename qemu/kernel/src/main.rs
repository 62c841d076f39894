//! The test kernel: a small SMP kernel that uses the library as a stranger's kernel would.
//!
//! From the machine upwards:
//! - `machine`    all that knows the CPU and the board: boot, console, interrupts, context switch
//! - `layout`     what lies where in RAM
//! - `cpu`        the block of per-CPU data
//! - `interrupt`  what the machine calls for timer, reschedule and fault
//! - `console`    `print!` and `println!` with one lock
//! - `clock`      time and the tick
//! - `scheduler`  who runs where: strict priorities, preemption, migration, block and wake
//! - `table`, `ready`, `stack`  what the scheduler owns: records, ready queues, stacks
//! - `thread`     the thread control block, and create, join, detach, kill, exit
//! - `reap`       threads that die where they stand, and who finishes their exit
//! - `idle`       the idle threads, the boot thread among them
//! - `wait`       waiting for a word, sleeping, semaphores
//! - `port`       the library's port and the key space
//! - `panic`, `watchdog`  the end of a run, good or bad
//! - `coverage`   the counters of a build that has them
//! - `selftest`   what the kernel checks of itself
//! - `suite`      the shared suite on this kernel
//! - `counts`     instructions of each call
//! - `stepping`   an interrupt at each instruction of each call
//! - `demo`       the request server
//! - `storm`      threads and keys that come and go under preemption at random intervals
//! - `crash`      runs that must end badly
//! - `program`    C and C++ programs: Linux's system calls on this kernel's threads
//!
//! Everything runs at the CPU's kernel level in one address space. The command line chooses what the
//! run does; each run ends with the line `tsd: end: status N` and powers the machine off with it.

#![no_std]
#![no_main]

mod clock;
mod console;
mod counts;
mod coverage;
mod cpu;
mod crash;
mod demo;
mod idle;
mod interrupt;
mod layout;
#[cfg_attr(target_arch = "aarch64", path = "machine/aarch64/mod.rs")]
#[cfg_attr(target_arch = "x86_64", path = "machine/x86_64/mod.rs")]
mod machine;
mod panic;
mod port;
mod program;
mod ready;
mod reap;
mod scheduler;
mod selftest;
mod stack;
mod stepping;
mod storm;
mod suite;
mod table;
mod thread;
mod wait;
mod watchdog;

/// The status of a run whose checks failed.
const STATUS_FAILED: u8 = 1;
/// The status of a run with a command line that means nothing.
const STATUS_USAGE: u8 = 4;

/// First CPU, from the machine's boot code: interrupts masked, on the boot stack.
fn start() -> ! {
    cpu::init_local(0);
    machine::boot::early_init();
    machine::memory::init();
    scheduler::init();
    init_cpu(0);
    let cpus = machine::boot::cpu_count();
    for cpu in 1..cpus {
        machine::boot::start_cpu(cpu);
    }
    while cpu::online() < cpus {
        core::hint::spin_loop();
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
    scheduler::begin_idle();
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
