//! The shared suite and the storm on FreeRTOS, which is unmodified: each thread is a task, and its slots lie in the
//! task's control block, where FreeRTOS keeps what its configuration calls a TLS block.
//!
//! - `freertos`  the functions of FreeRTOS and of the board, in C
//! - `block`     what a task's control block has, and the port
//! - `thread`    tasks that start, end, are killed, die and are reaped
//! - `platform`  what cases ask for
//! - `storm`     what the storm asks for besides
//! - `critical`  the critical section of CPUs without compare-and-swap
//! - `run`       the run that the command line asks for, and its report
//!
//! It is a library for the target alone: on a host it is empty.
#![cfg(target_os = "none")]
#![no_std]

mod block;
#[cfg(not(target_has_atomic = "ptr"))]
mod critical;
mod freertos;
mod platform;
mod print;
mod run;
mod storm;
mod thread;
