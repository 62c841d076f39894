//! Evidence beyond the tests: each kind is one command, `cargo run -- evidence KIND`, and one row of docs/evidence.md.
//!
//! - `interleavings`    the library under loom, each case in its long form
//! - `orderings`        the same with one memory ordering weakened at a time
//! - `handlers`         interrupt handlers at every access of the library's code, up to three in a run
//! - `stepping`         an interrupt at each instruction of each call, in the images
//! - `sanitizers`       the host's tests under ThreadSanitizer and AddressSanitizer
//! - `mutants`          the host's tests on the library changed in one place at a time
//! - `fuzz`             sequences of calls, led by coverage, against the model
//! - `coverage`         the lines and branches that the tests run, on the host and in both images
//! - `storm`            threads and keys that come and go, on each machine with 4 and with 8 CPUs
//!
//! Below them:
//! - `record`           the table of results
//! - `reasons`          what is left unproved, and why that is right
//! - `source`           places in the library's source
//! - `cargo_tools`          what cargo has to install
//! - `tree`             a copy of the repository that can be changed

mod cargo_tools;
mod coverage;
mod fuzz;
pub mod handlers;
pub mod interleavings;
mod mutants;
mod orderings;
mod reasons;
mod record;
mod sanitizers;
mod source;
mod stepping;
mod storm;
mod tree;

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{command, error::Result, workspace};

/// The tests that run the library in their own process, as options of `cargo test`.
const OWN_PROCESS_TESTS: [&str; 6] =
    ["--lib", "--test=host", "--test=model", "--test=own", "--test=port", "--test=allocation"];

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Model checks.
    Interleavings,
    /// Model checks of weakened code.
    Orderings,
    /// Interrupt handlers at every access.
    Handlers,
    /// Single steps.
    Stepping,
    /// Random sequences.
    Fuzz,
    /// ThreadSanitizer and AddressSanitizer.
    Sanitizers,
    /// Mutation testing.
    Mutants,
    /// Line and branch coverage.
    Coverage,
    /// Storms in the images.
    Storm,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Interleavings,
        Self::Orderings,
        Self::Handlers,
        Self::Stepping,
        Self::Fuzz,
        Self::Sanitizers,
        Self::Mutants,
        Self::Coverage,
        Self::Storm,
    ];

    /// What the command line and the table call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interleavings => "interleavings",
            Self::Orderings => "orderings",
            Self::Handlers => "handlers",
            Self::Stepping => "stepping",
            Self::Fuzz => "fuzz",
            Self::Sanitizers => "sanitizers",
            Self::Mutants => "mutants",
            Self::Coverage => "coverage",
            Self::Storm => "storm",
        }
    }
}

/// How evidence is produced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long the fuzzer runs, or each storm; each kind knows how long it should.
    pub seconds: Option<u32>,
    /// Whether what is missing may be installed.
    pub may_install: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: None, may_install: true }
    }
}

/// Produces evidence of `kind` and records it.
///
/// # Errors
/// Status 1 when something is found or not explained, 2 when something has to be installed by hand.
pub fn run(kind: Kind, options: Options) -> Result<()> {
    let Options { seconds, may_install } = options;
    let figures = match kind {
        Kind::Interleavings => interleavings::explore_all(),
        Kind::Orderings => orderings::weaken_all(),
        Kind::Handlers => handlers::enumerate_all(),
        Kind::Stepping => stepping::sweep_all(may_install),
        Kind::Fuzz => fuzz::run(seconds, may_install),
        Kind::Sanitizers => sanitizers::run_all(may_install),
        Kind::Mutants => mutants::run(may_install),
        Kind::Coverage => coverage::run(may_install),
        Kind::Storm => storm::run(seconds, may_install),
    }?;
    record::write(kind, &figures)
}

/// Builds the program of `package`, which has the library in it as `flags` say, from the repository at `root`.
fn build_model(package: &str, root: &Path, target: &Path, flags: &str) -> Result<PathBuf> {
    let mut cargo = host_cargo("build");
    // Optimised, but with the checks of a development build: there are millions of runs.
    cargo.env("RUSTFLAGS", flags).env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
    cargo.args(["--quiet", "--locked", "--package", package]).current_dir(root);
    cargo.arg("--target-dir").arg(target);
    command::run(&mut cargo)?;
    Ok(target.join("debug").join(package))
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
