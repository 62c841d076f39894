//! Fls calls that are killed or met by a free in front of each of their instructions, by the processor's single step.

use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tsd_runner::{command, workspace};

use super::commands::{run, scratch};
use super::environment::Environment;

/// One, where the program knows the processor.
pub(crate) fn trials() -> Vec<Trial> {
    let is_known = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    is_known.then(|| Trial::test("c::fls::stepped", check)).into_iter().collect()
}

fn check() -> Result<(), Failed> {
    let environment = &Environment::ALL[0];
    let program = scratch("fls")?.join("stepped");
    let mut compile = command::of(environment.c);
    // The flags are pushed where compilers may have put variables, unless told otherwise.
    compile.args(["-std=c11", "-O2", "-mno-red-zone", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
    compile
        .arg(workspace::root().join("tests/c/instructions/fls_stepped.c"))
        .arg("-I")
        .arg(environment.prefix().join("include"));
    run(compile.arg("-L").arg(environment.prefix().join("lib")).arg("-ltsd").args(environment.libraries()))?;
    run(&mut Command::new(&program)).map(|_| ())
}
