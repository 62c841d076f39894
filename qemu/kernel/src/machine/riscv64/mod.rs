//! riscv64 on QEMU's `virt` machine, in S-mode on the firmware that QEMU brings.
//!
//! Owns everything of the kernel that knows this CPU or this board. The names are the same in each
//! CPU's folder; the rest of the kernel sees them as `crate::machine`. Further CPUs are started, interrupted and timed by
//! SBI calls; console, power-off and the command line are semihosting calls.

#[cfg(target_feature = "f")]
compile_error!("build for riscv64imac-unknown-none-elf: interrupt handlers do not save floating-point registers");

pub(crate) mod addresses;
pub(crate) mod boot;
#[path = "../shared/boot_stack.rs"]
mod boot_stack;
pub(crate) mod calls;
pub(crate) mod console;
pub(crate) mod context;
pub(crate) mod counter;
pub(crate) mod cpu;
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
pub(crate) mod timer;
pub(super) mod vector_registers;
mod vectors;

/// Makes `cpu`, which is the caller, ready for threads: map, vectors, timer. Interrupts stay masked.
pub(crate) fn init_cpu(_cpu: usize) {
    memory::init_cpu();
    vectors::install();
    timer::init_cpu();
}
