//! aarch64 on QEMU's `virt` machine with a GICv3.
//!
//! Owns everything of the kernel that knows this CPU or this board. The names are the same in each
//! CPU's folder; the rest of the kernel sees them as `crate::machine`. The start-up code, the first
//! page table and the start of further CPUs are from the aarch64-rt crate, power-off and the command
//! line are semihosting calls.

#[cfg(target_feature = "neon")]
compile_error!("build for aarch64-unknown-none-softfloat: interrupt handlers do not save vector registers");

pub(crate) mod addresses;
pub(crate) mod boot;
pub(crate) mod calls;
pub(crate) mod console;
pub(crate) mod context;
pub(crate) mod counter;
pub(crate) mod cpu;
mod gic;
mod handlers;
pub(crate) mod ipi;
#[path = "../shared/linux_calls.rs"]
mod linux_calls;
pub(crate) mod masking;
pub(crate) mod memory;
#[path = "../shared/power.rs"]
pub(crate) mod power;
pub(crate) mod program;
#[path = "../shared/semihosting.rs"]
mod semihosting;
pub(crate) mod step;
#[path = "../shared/steps.rs"]
mod steps;
pub(crate) mod timer;
pub(super) mod vector_registers;
mod vectors;

/// Makes `cpu`, which is the caller, ready for threads: map, vectors, interrupt controller, timer. Interrupts stay
/// masked.
pub(crate) fn init_cpu(cpu: usize) {
    memory::init_cpu();
    vectors::install();
    gic::init_cpu(cpu);
    timer::init_cpu();
}
