//! Model checks: the library's own code under loom.
//!
//! Each case is a small program of two or three threads, run once for each way in which its atomic operations can
//! interleave and each older value that a load may return. `tests/interleavings.rs` runs the cases with a bound on
//! preemptions as part of `cargo test`; `cargo run -- evidence loom` runs them with the bounds that each case names.
//!
//! - [`check`]  a case, its bounds, the count of executions, the outcomes that must be seen
//! - [`threads`]  loom's threads as a kernel's: the port
//! - [`cases`]  what is checked

#[cfg(loom)]
mod cases;
#[cfg(loom)]
mod check;
#[cfg(loom)]
mod threads;

#[cfg(loom)]
fn main() -> std::process::ExitCode {
    check::run(&std::env::args().skip(1).collect::<Vec<_>>())
}

#[cfg(not(loom))]
fn main() -> std::process::ExitCode {
    eprintln!("tsd-loom: build this with RUSTFLAGS='--cfg loom', or type: cargo run -- evidence loom");
    std::process::ExitCode::from(2)
}
