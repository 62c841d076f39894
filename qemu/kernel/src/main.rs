//! The test kernel: a small SMP kernel that uses the library as a stranger's kernel would.
//!
//! From the machine upwards:
//! - `machine`    all that knows the CPU and the board: boot, console, interrupts, context switch
//! - `cpu`        the block of per-CPU data, and which thread is current
//! - `interrupt`  what the machine calls for timer, reschedule and fault
//! - `console`    `print!` and `println!` with one lock
//! - `panic`      the end of a run that went wrong: who, where, with which keys and values
//!
//! Everything runs at the CPU's kernel level in one address space. The command line chooses what the
//! run does; each run ends with the line `tsd: end: status N` and powers the machine off with it.

#![no_std]
#![no_main]

mod console;
mod cpu;
mod interrupt;
#[cfg_attr(target_arch = "aarch64", path = "machine/aarch64/mod.rs")]
#[cfg_attr(target_arch = "x86_64", path = "machine/x86_64/mod.rs")]
mod machine;
mod panic;

/// First CPU, from the machine's boot code: interrupts masked, on the boot stack.
fn start() -> ! {
    cpu::init_local(0);
    machine::boot::early_init();
    machine::memory::init();
    machine::memory::init_cpu();
    machine::interrupts::init_cpu(0);
    machine::timer::init_cpu();
    let cpus = machine::boot::cpu_count();
    println!("tsd: kernel: {} CPUs, command line \"{}\"", cpus, machine::boot::command_line());
    for cpu in 1..cpus {
        machine::boot::start_cpu(cpu);
    }
    while cpu::online() < cpus - 1 {
        core::hint::spin_loop();
    }
    panic::end(0)
}

/// Every other CPU, likewise, on a stack of its own.
fn start_secondary(cpu: usize) -> ! {
    cpu::init_local(cpu);
    machine::memory::init_cpu();
    machine::interrupts::init_cpu(cpu);
    machine::timer::init_cpu();
    println!("tsd: kernel: CPU {} online", cpu);
    cpu::set_online();
    loop {
        machine::cpu::wait_for_interrupt();
    }
}
