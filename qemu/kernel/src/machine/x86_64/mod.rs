//! x86_64 on QEMU's PC machines.
//!
//! Owns everything of the kernel that knows this CPU or this board. The names are the same in each
//! CPU's folder; the rest of the kernel sees them as `crate::machine`. Private to this folder: `acpi`
//! (what the firmware says of the machine), `apic` (the interrupt controller), `descriptors` (segments
//! and stacks for faults), `entry` (the way to long mode) and `vectors` (entries of interrupts and
//! exceptions).
//!
//! The CPU must have the FSGSBASE and NX extensions and 1 GiB pages, as `-cpu max` has.

#[cfg(target_feature = "sse")]
compile_error!("build for x86_64-unknown-none: interrupt handlers do not save vector registers");

mod acpi;
pub(crate) mod addresses;
mod apic;
pub(crate) mod boot;
#[path = "../shared/boot_stack.rs"]
mod boot_stack;
pub(crate) mod calls;
pub(crate) mod console;
pub(crate) mod context;
pub(crate) mod counter;
pub(crate) mod cpu;
mod descriptors;
mod entry;
mod handlers;
pub(crate) mod ipi;
pub(crate) mod masking;
pub(crate) mod memory;
pub(crate) mod power;
pub(crate) mod program;
mod start;
pub(crate) mod step;
#[path = "../shared/steps.rs"]
mod steps;
mod system_call;
pub(crate) mod timer;
pub(super) mod vector_registers;
mod vectors;

/// Makes `cpu`, which is the caller, ready for threads: map, segments, vectors, interrupt controller, timer, system
/// calls. Interrupts stay masked.
pub(crate) fn init_cpu(cpu: usize) {
    memory::init_cpu();
    descriptors::init_cpu(cpu);
    vectors::install();
    apic::init_cpu();
    timer::init_cpu();
    system_call::init_cpu();
}
