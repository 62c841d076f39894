//! From the entry point to the kernel's `start` and `start_secondary`, for the first CPU and the further ones.
//!
//! The firmware enters the kernel in S-mode without a map, on the hart that it chose to boot, and starts the others
//! when it is asked to. Reference: RISC-V Supervisor Binary Interface Specification, chapter "Hart State Management
//! Extension".

use core::{
    arch::naked_asm,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::boot_stack::SECONDARY_STACKS;
use crate::machine::{cpu_local::MAX_CPUS, entries::KERNEL};

pub(crate) use super::semihosting::command_line;

/// The hart that booted. It is CPU 0.
static BOOT_HART: AtomicUsize = AtomicUsize::new(0);

/// Where the firmware enters the kernel, with the hart's number in a0.
#[unsafe(naked)]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".init.entry")]
unsafe extern "C" fn entry() -> ! {
    naked_asm!(
        "la t0, bss_begin",
        "la t1, bss_end",
        "2:",
        "bgeu t0, t1, 3f",
        "sd zero, 0(t0)",
        "sd zero, 8(t0)",
        "addi t0, t0, 16",
        "j 2b",
        "3:",
        "la sp, boot_stack_end",
        "j {first_cpu}",
        first_cpu = sym first_cpu,
    )
}

extern "C" fn first_cpu(hart: usize) -> ! {
    BOOT_HART.store(hart, Ordering::SeqCst);
    (KERNEL.start)()
}

/// Where the firmware enters the kernel on another hart: its number in a0, the end of its stack in a1.
#[unsafe(naked)]
unsafe extern "C" fn secondary_entry() -> ! {
    naked_asm!("mv sp, a1", "j {secondary}", secondary = sym secondary)
}

extern "C" fn secondary(hart: usize) -> ! {
    (KERNEL.start_secondary)(other_number(hart))
}

/// Returns the hart of a CPU, and the CPU of a hart: the boot hart's number and 0 change places.
pub(super) fn other_number(number: usize) -> usize {
    match BOOT_HART.load(Ordering::SeqCst) {
        boot if number == boot => 0,
        boot if number == 0 => boot,
        _ => number,
    }
}

/// Nothing is to be done: the firmware has no part in the console.
pub(crate) fn early_init() {}

/// Returns how many CPUs the machine has, at most [`MAX_CPUS`]. The firmware has a state for each hart.
pub(crate) fn cpu_count() -> usize {
    (0..MAX_CPUS).take_while(|&hart| sbi_rt::hart_get_status(hart).is_ok()).count()
}

/// Starts `cpu`, which runs `Entries::start_secondary`, and returns at once.
pub(crate) fn start_cpu(cpu: usize) {
    let stack = &SECONDARY_STACKS[cpu];
    let started = sbi_rt::hart_start(other_number(cpu), secondary_entry as *const () as usize, stack.top());
    if started.is_err() {
        panic!("CPU {cpu} does not start: {started:?}");
    }
}
