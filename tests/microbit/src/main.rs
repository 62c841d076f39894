//! The library on a CPU without compare-and-swap: QEMU's microbit, a Cortex-M0 with 16 KiB of memory.
//!
//! - `critical`  the critical section that the library's feature of that name wants: interrupts are masked, and each entry
//!   is counted
//! - `kernel`    two thread control blocks, one of which is current at a time, and the port
//! - `board`     the console, the timer and the end, by semihosting; how much of the stack is left
//! - `ledger`    what became of each value
//! - `cases`     one behaviour a function, each under its name; the first that fails ends the program
//!
//! On a host it is empty.
#![cfg_attr(all(target_arch = "arm", target_os = "none"), no_std, no_main)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod board;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod cases;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod critical;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod kernel;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod ledger;

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn main() {}
