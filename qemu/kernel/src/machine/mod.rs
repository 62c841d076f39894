//! All that knows the CPU and the board: the ground floor, on which nothing else of the kernel is named.
//!
//! What is asked of a machine is a function with the same name in each CPU's folder. What a machine asks of the kernel
//! above it (where to go on after boot, whom to call in an interrupt) is in one table, which the kernel defines:
//! `entries`.
//!
//! - `aarch64`, `riscv64`, `x86_64`  boot, context switch, vectors, drivers: the kernel sees the right one's modules here
//! - `shared`     what the folders of some CPUs, but not of all, have in common: they take it as their own
//! - `entries`    what the machine calls in the kernel
//! - `cpu_local`  the block of data that each CPU has
//! - `interrupts` masking
//! - `layout`     what lies where in RAM, for the page tables
//! - `tables`     the page tables, as far as they are the same on each CPU
//! - `fp`         vector registers, for the check that a switch keeps them
//! - `counted`    how many instructions a call takes

pub(crate) mod counted;
pub(crate) mod cpu_local;
pub(crate) mod entries;
pub(crate) mod fp;
pub(crate) mod interrupts;
pub(crate) mod layout;
pub(crate) mod tables;
#[cfg_attr(target_arch = "aarch64", path = "aarch64/mod.rs")]
#[cfg_attr(target_arch = "riscv64", path = "riscv64/mod.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86_64/mod.rs")]
mod this;

pub(crate) use this::*;
