//! Evidence beyond the tests: each kind is one command, `cargo run -- evidence KIND`, and one row of docs/evidence.md.
//!
//! - `interleavings`    the library under loom, each case in its long form
//! - `orderings`        the same with one memory ordering weakened at a time
//! - `handlers`         interrupt handlers at every access of the library's code, up to three in a run
//! - `stepping`         an interrupt at each instruction of each call, in the images
//! - `sanitizers`       the host's tests under ThreadSanitizer and AddressSanitizer
//! - `mutants`          the host's tests on the library changed in one place at a time
//! - `fuzz`             sequences of calls, led by coverage, against the model
//! - `coverage`         the lines and branches that the tests run, on the host and in two images
//! - `storm`            threads and keys that come and go, on each machine with 4 and with 8 CPUs
//! - `trace`            what Perfetto reads in a demonstration's trace
//!
//! Below them:
//! - `kind`             the kinds and their names
//! - `host_cargo`       cargo for the host, and the programs of the model checks
//! - `record`           the table of results
//! - `reasons`          what is left unproved, and why that is right
//! - `source`           lines of the library's source
//! - `cargo_tools`      what cargo has to install
//! - `tree`             a copy of the repository that can be changed

mod cargo_tools;
mod coverage;
mod fuzz;
pub mod handlers;
mod host_cargo;
pub mod interleavings;
mod kind;
mod mutants;
mod orderings;
mod reasons;
mod record;
mod sanitizers;
mod source;
mod stepping;
mod storm;
mod trace;
mod tree;

use crate::{command, error::Result};

pub use kind::{Kind, Options};

/// Produces evidence of `kind` and records it.
///
/// # Errors
/// Something is found or not explained, or has to be installed by hand.
pub fn run(kind: Kind, options: Options) -> Result<()> {
    let Options { seconds, may_install } = options;
    command::step(format_args!("gathering evidence: {}", kind.name()));
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
        Kind::Trace => trace::run(may_install),
    }?;
    record::write(kind, &figures)
}
