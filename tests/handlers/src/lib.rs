//! Interrupt handlers at every access of the library's own code, exhaustively.
//!
//! The library is compiled with atomics that let a handler run before each access, on the same thread, and handlers
//! interrupt one another. Which handler comes where is a plan; each plan with up to three handlers is run, and a ledger
//! that knows nothing of the library says whether what became of the values can be, and how many keys there are.
//! `tests/drivers/handlers.rs` runs the cases with two handlers as part of `cargo test`; `cargo run -- evidence
//! handlers` runs the long form.
//!
//! - `atomics`  what the library has instead of `core`'s atomics
//! - `plan`  which handler begins at which access
//! - `explore`  every plan of a case
//! - [`cases`]  calls and the states from which they are interrupted
//! - `actions`  what handlers do
//! - `machine`  the calls that code of a thread or a handler can make
//! - `world`, `destructors`  a thread, its key space and the calls on them, and what exit calls
//! - `ledger`, `calls`  what the calls did, and whether that can be
//! - `trace`  a run told line by line
//!
//! Without `--cfg handlers` there are the names of the cases only.

#[cfg(handlers)]
mod actions;
#[cfg(handlers)]
mod calls;
pub mod cases;
#[cfg(handlers)]
mod destructors;
#[cfg(handlers)]
mod explore;
#[cfg(handlers)]
mod ledger;
#[cfg(handlers)]
mod machine;
#[cfg(handlers)]
mod plan;
#[cfg(handlers)]
mod trace;
#[cfg(handlers)]
mod world;

#[cfg(handlers)]
pub use explore::run;

/// Says how to build this; status 2.
#[cfg(not(handlers))]
#[must_use]
pub fn run(_arguments: &[String]) -> std::process::ExitCode {
    eprintln!("tsd-handlers: build this with RUSTFLAGS='--cfg handlers', or type: cargo run -- evidence handlers");
    std::process::ExitCode::from(2)
}
