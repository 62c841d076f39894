//! From the entry point to the kernel's `start` and `start_secondary`, for the first CPU and the further ones.
//!
//! aarch64-rt's entry code turns on the MMU and the caches with the page table below, clears .bss and
//! takes the boot stack. Further CPUs are started through PSCI and run the same code on a stack of
//! their own.

use core::{arch::asm, mem::MaybeUninit};

use aarch64_rt::{InitialPagetable, Stack};
use smccc::{Hvc, psci};

use super::{addresses::RAM_BASE, console, memory, power};
use crate::machine::{cpu_local::MAX_CPUS, entries::KERNEL};

pub(crate) use super::semihosting::command_line;

/// The stack of a CPU before its first thread, and of its idle thread afterwards.
const BOOT_STACK_PAGES: usize = 8;

aarch64_rt::entry!(first_cpu, BOOT_STACK_PAGES);

// One block for the devices and one for the RAM, until `memory` has built the final tables.
aarch64_rt::initial_pagetable!({
    let mut entries = [0; 512];
    entries[0] = memory::DEVICE_BLOCK;
    entries[1] = RAM_BASE | memory::NORMAL_BLOCK;
    InitialPagetable(entries)
});

fn first_cpu(_: u64, _: u64, _: u64, _: u64) -> ! {
    (KERNEL.start)()
}

/// Makes the console usable. Called on the first CPU before anything else.
pub(crate) fn early_init() {
    console::init();
    if cfg!(target_feature = "lse") && !has_atomic_instructions() {
        // No formatting and no lock: both would take the instructions that are not there.
        console::write_bytes(b"tsd: kernel: built with +lse, and this CPU has no atomic instructions\n");
        console::write_bytes(b"tsd: end: status 2\n");
        power::power_off(STATUS_WRONG_CPU);
    }
}

/// The status of a run on a CPU that the image was not built for.
const STATUS_WRONG_CPU: u8 = 2;

/// Returns whether the CPU has LSE: `ID_AA64ISAR0_EL1.Atomic` is not 0.
fn has_atomic_instructions() -> bool {
    let features: u64;
    // SAFETY: A constant register. `pure` is right for that reason.
    unsafe {
        asm!("mrs {}, id_aa64isar0_el1", out(reg) features, options(pure, nomem, nostack, preserves_flags));
    }
    features >> 20 & 0xf != 0
}

/// Returns how many CPUs the machine has, at most [`MAX_CPUS`].
///
/// PSCI answers for a CPU that exists and refuses one that does not. QEMU numbers the first sixteen
/// CPUs of a GICv3 machine in the lowest affinity field, so a CPU's number is its address.
pub(crate) fn cpu_count() -> usize {
    (0..MAX_CPUS)
        .take_while(|&cpu| psci::affinity_info::<Hvc>(cpu as u64, psci::LowestAffinityLevel::All).is_ok())
        .count()
}

/// Starts `cpu`, which runs `Entries::start_secondary`, and returns at once.
pub(crate) fn start_cpu(cpu: usize) {
    // Not in .bss: a stack need not be cleared.
    #[unsafe(link_section = ".stack.secondary")]
    static mut STACKS: [MaybeUninit<Stack<BOOT_STACK_PAGES>>; MAX_CPUS] = [const { MaybeUninit::uninit() }; MAX_CPUS];

    assert!(cpu < MAX_CPUS, "CPU {cpu} has no boot stack");
    // SAFETY: The index was checked. Nothing else names the array, and each CPU is started once, so
    // the stack belongs to that CPU alone. All RAM is mapped alike in all page tables.
    let started = unsafe {
        let stack = (&raw mut STACKS).cast::<Stack<BOOT_STACK_PAGES>>().add(cpu);
        aarch64_rt::start_core::<Hvc, _, BOOT_STACK_PAGES>(cpu as u64, stack, move || (KERNEL.start_secondary)(cpu))
    };
    if let Err(error) = started {
        panic!("CPU {cpu} does not start: {error:?}");
    }
}
