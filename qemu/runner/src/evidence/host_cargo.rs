//! Cargo for the host, and what several kinds of evidence have it build or run.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{command, error::Result, toolchain::Toolchain, workspace};

/// The tests that run the library in their own process, as options of `cargo test`.
pub(super) const OWN_PROCESS_TESTS: [&str; 6] =
    ["--lib", "--test=host", "--test=model", "--test=local", "--test=port", "--test=allocation"];

/// Builds the program of `package`, which has the library in it as `flags` say, from the repository at `root`.
pub(super) fn build_model(package: &str, root: &Path, target: &Path, flags: &str) -> Result<PathBuf> {
    let mut cargo = host_cargo("build");
    // Optimised, but with the checks of a development build: there are millions of runs.
    cargo.env("RUSTFLAGS", flags).env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
    cargo.args(["--locked", "--package", package]).current_dir(root);
    Toolchain::hush(&mut cargo);
    cargo.arg("--target-dir").arg(target);
    command::run_below(format_args!("building {package}"), &mut cargo)?;
    Ok(target.join("debug").join(package))
}

/// Returns a command of cargo's for the host, with the toolchain that runs this program and none of its settings.
pub(super) fn host_cargo(verb: &str) -> Command {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_targets() {
        let manifest = std::fs::read_to_string(workspace::root().join("Cargo.toml")).unwrap();
        let tests = OWN_PROCESS_TESTS.iter().filter_map(|option| option.strip_prefix("--test="));
        for test in tests.chain(super::super::sanitizers::TESTS) {
            assert!(manifest.contains(&format!("\nname = \"{test}\"\n")), "{test}");
        }
    }
}
