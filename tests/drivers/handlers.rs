//! Interrupt handlers at every access, two in a run, each case under its own name, such as `handlers::exit::one_value`;
//! those of keys, values and exit once more with the library of the minimal C archive, as `handlers::minimal::…`.
//!
//! They are built when the first of them is run: with `--cfg handlers`, in a target directory of their own.

use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Trial};
use tsd_handlers::cases;
use tsd_runner::{
    error::Result,
    evidence::handlers::{Enumerator, Form},
};

fn main() {
    let mut trials = trials("handlers", cases::NAMES.iter().copied(), Enumerator::build);
    trials.extend(self::trials("handlers::minimal", cases::minimal_names(), Enumerator::build_minimal));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// One for each case; what runs them is built when the first of them is run.
fn trials(
    prefix: &'static str,
    cases: impl Iterator<Item = &'static str>,
    build: fn() -> Result<Enumerator>,
) -> Vec<Trial> {
    let enumerator: Arc<OnceLock<Result<Enumerator>>> = Arc::default();
    let trial = |case: &'static str| {
        let enumerator = enumerator.clone();
        Trial::test(format!("{prefix}::{case}"), move || {
            let enumerator = enumerator.get_or_init(build).as_ref().map_err(Clone::clone)?;
            let enumerated = enumerator.run(case, Form::Quick)?;
            println!("{prefix}::{case}: {} runs", enumerated.runs);
            Ok(())
        })
    };
    cases.map(trial).collect()
}
