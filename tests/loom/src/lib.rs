//! Model checks: the library's own code under loom.
//!
//! Each case is a small program of two or three threads, run once for each way in which its atomic operations can
//! interleave and each older value that a load may return. `tests/drivers/interleavings.rs` runs the cases with a bound
//! on preemptions as part of `cargo test`; `cargo run -- evidence interleavings` runs them with the bounds that each
//! case names.
//!
//! - `atomics`  what the library has instead of `core`'s atomics
//! - [`cases`]  what is checked
//! - `check`  running a case: bounds, the count of executions, the outcomes that must be seen
//! - `threads`  loom's threads as a kernel's: the port
//!
//! Without `--cfg loom` there are the names of the cases only.

pub mod cases;
#[cfg(loom)]
mod check;
#[cfg(loom)]
mod threads;

#[cfg(loom)]
pub use check::run;

/// Says how to build this; status 2.
#[cfg(not(loom))]
#[must_use]
pub fn run(_arguments: &[String]) -> std::process::ExitCode {
    eprintln!("tsd-loom: build this with RUSTFLAGS='--cfg loom', or type: cargo run -- evidence interleavings");
    std::process::ExitCode::from(2)
}
