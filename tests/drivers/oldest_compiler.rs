//! The oldest compiler that `rust-version` in `Cargo.toml` promises compiles the library, with each of its features, the
//! C archive and the command line: each under its own name, such as `oldest_compiler::tsd`.
//!
//! Where rustup can't or may not fetch that compiler, that is nothing to fail at: the cases are ignored.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{command, setup, toolchain::Toolchain};

/// Package, and what names its features.
const CASES: [(&str, &[&str]); 3] = [
    ("tsd", &["--features=", "--features=alloc", "--features=pool", "--features=alloc,pool"]),
    ("tsd-c", &["--all-features"]),
    ("tsd-runner", &["--features="]),
];

fn main() {
    let arguments = Arguments::from_args();
    let name = |package: &str| format!("oldest_compiler::{package}");
    let is_selected = |package| !arguments.is_filtered_out(&Trial::test(name(package), || Ok(())));
    let mut oldest = None;
    if !arguments.list && CASES.iter().any(|(package, _)| is_selected(package)) {
        oldest = setup::prepare_oldest().unwrap_or_else(|error| error.end_process());
    }
    let is_ignored = oldest.is_none() && !arguments.list;
    let trials = CASES.map(|(package, features)| {
        let oldest = oldest.clone();
        let run = move || oldest.map_or(Ok(()), |oldest| check(&oldest, package, features));
        Trial::test(name(package), run).with_ignored_flag(is_ignored)
    });
    libtest_mimic::run(&arguments, trials.into()).exit();
}

fn check(oldest: &Toolchain, package: &str, features: &[&str]) -> Result<(), Failed> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oldest-compiler");
    for features in features {
        let mut cargo = oldest.host_cargo("check");
        cargo.args(["--quiet", "--package", package, features, "--target-dir"]).arg(&target);
        command::run_quietly(&mut cargo)?;
    }
    Ok(())
}
