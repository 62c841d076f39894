//! Interrupt handlers at every access, two in a run, each case under its own name, such as `handlers::exit::one_value`.
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
    let enumerator: Arc<OnceLock<Result<Enumerator>>> = Arc::default();
    let trials = cases::NAMES.iter().map(|&case| {
        let enumerator = enumerator.clone();
        Trial::test(format!("handlers::{case}"), move || {
            let enumerator = enumerator.get_or_init(Enumerator::build).as_ref().map_err(Clone::clone)?;
            let enumerated = enumerator.run(case, Form::Quick)?;
            println!("handlers::{case}: {} runs", enumerated.runs);
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
