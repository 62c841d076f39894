//! From the end of the boot code to the first thread, on each CPU.

use crate::{
    core::{
        capacity::KEYS,
        clock,
        console::println,
        cpu,
        scheduler::{dispatch, idle, thread},
    },
    machine,
};

/// First CPU: interrupts masked, on the boot stack. `main` is what the first thread does.
pub(crate) fn first(main: fn(usize) -> usize) -> ! {
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
        core::hint::spin_loop();
    }
    println!("tsd: kernel: {cpus} CPUs, {KEYS} keys");
    let options = thread::Options { detached: true, ..thread::Options::new("main") };
    thread::spawn(options, main, 0).expect("nothing runs yet");
    idle::idle()
}

/// Every other CPU, likewise, on a stack of its own.
pub(crate) fn secondary(cpu: usize) -> ! {
    cpu::init_local(cpu);
    init_cpu(cpu);
    idle::idle()
}

fn init_cpu(cpu: usize) {
    machine::init_cpu(cpu);
    dispatch::begin_idle();
    clock::arm_tick(true);
    cpu::set_online();
}
