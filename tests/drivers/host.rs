//! The shared suite on the host, each case under its own name.

use libtest_mimic::{Arguments, Trial};
use tsd_host::case;

fn main() {
    let trial = |(case, run): (&tsd_suite::Case, fn())| {
        Trial::test(format!("host::{}", case.name), move || Ok(case::run_alone(run)?))
    };
    libtest_mimic::run(&Arguments::from_args(), case::all().map(trial).collect()).exit();
}
