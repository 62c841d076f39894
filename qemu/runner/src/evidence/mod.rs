//! Evidence beyond the tests: each kind is one command, `cargo run -- evidence KIND`, and one row of docs/evidence.md.
//!
//! - [`interleavings`]  the library under loom, each case in its long form
//! - [`orderings`]      the same with one memory ordering weakened at a time
//! - `record`           the table of results
//! - `reasons`          what is left unproved, and why that is right
//! - `tree`             a copy of the repository that can be changed

pub mod interleavings;
mod orderings;
mod reasons;
mod record;
mod tree;

use std::{env, path::PathBuf, process::Command};

use crate::{command, error::Result, workspace};

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Model checks.
    Interleavings,
    /// Model checks of weakened code.
    Orderings,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 2] = [Self::Interleavings, Self::Orderings];

    /// What the command line and the table call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interleavings => "interleavings",
            Self::Orderings => "orderings",
        }
    }
}

/// Produces evidence of `kind` and records it.
///
/// # Errors
/// Status 1 when something is found or not explained, 2 when something has to be installed by hand.
pub fn run(kind: Kind) -> Result<()> {
    let figures = match kind {
        Kind::Interleavings => interleavings::explore_all(),
        Kind::Orderings => orderings::weaken_all(),
    }?;
    record::write(kind, &figures)
}

/// Returns a command of cargo's for the host, with the toolchain that runs this program and none of its settings.
fn host_cargo(verb: &str) -> Command {
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = command::independent_cargo(&cargo);
    // Cargo looks for the compiler on the search path, where another toolchain's may come first.
    let compiler = cargo.with_file_name("rustc");
    if compiler.is_file() {
        command.env("RUSTC", compiler);
    }
    command.arg(verb).current_dir(workspace::root());
    command
}
