//! The model checks in their quick form, each case under its own name, such as `loom::exit::against_delete`.
//!
//! They are built when the first of them is run: with `--cfg loom`, in a target directory of their own.

use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Trial};
use tsd_loom::cases;
use tsd_runner::{
    error::Result,
    evidence::interleavings::{Checker, Form},
};

fn main() {
    let checker: Arc<OnceLock<Result<Checker>>> = Arc::default();
    let trials = cases::NAMES.iter().map(|&case| {
        let checker = checker.clone();
        Trial::test(format!("loom::{case}"), move || {
            let checker = checker.get_or_init(Checker::build).as_ref().map_err(Clone::clone)?;
            checker.run(case, Form::Quick)?;
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
