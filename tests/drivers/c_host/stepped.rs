//! Calls that are interrupted, killed or met by another CPU's call in front of each of their instructions, by the
//! processor's single step.

use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tsd_runner::{command, workspace};

use super::commands::{run, scratch};
use super::environment::Environment;

/// The programs, and the archives that they are run with.
const PROGRAMS: [(&str, &str, &Environment); 3] = [
    ("c::fls::stepped", "fls_stepped.c", &Environment::ALL[0]),
    ("c::calls::gcc::stepped", "calls_stepped.c", &Environment::ALL[0]),
    ("c::calls::gcc_minimal::stepped", "calls_stepped.c", &Environment::MINIMAL),
];

/// All, where the programs know the processor.
pub(crate) fn trials() -> Vec<Trial> {
    let is_known = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let trial = |(name, source, environment): (&'static str, &'static str, &'static Environment)| {
        Trial::test(name, move || check(source, environment))
    };
    PROGRAMS.into_iter().filter(|_| is_known).map(trial).collect()
}

fn check(source: &str, environment: &Environment) -> Result<(), Failed> {
    let program = scratch(&format!("stepped/{}", environment.name))?.join(source).with_extension("");
    let mut compile = command::of(environment.c);
    // The flags are pushed where compilers may have put variables, unless told otherwise.
    compile.args(["-std=c11", "-O2", "-mno-red-zone", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
    compile
        .arg(workspace::root().join("tests/c/instructions").join(source))
        .arg("-I")
        .arg(environment.prefix().join("include"));
    run(compile.arg("-L").arg(environment.prefix().join("lib")).arg("-ltsd").args(environment.libraries()))?;
    run(&mut Command::new(&program)).map(|_| ())
}
