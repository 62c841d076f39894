//! README's example in C, compiled and run as it stands there.

use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tsd_runner::command;

use super::commands::{run, scratch};
use super::environment::Environment;

/// One for each compiler.
pub(crate) fn trials() -> Vec<Trial> {
    ["gcc", "clang"].map(|compiler| Trial::test(format!("c::readme::{compiler}"), move || check(compiler))).into()
}

fn check(compiler: &str) -> Result<(), Failed> {
    let prefix = Environment::ALL[0].prefix();
    let dir = scratch(&format!("readme-{compiler}"))?;
    let (source, program) = (dir.join("readme.c"), dir.join("readme"));
    fs::write(&source, example().ok_or("README has no example in C")?)?;
    let mut compile = command::of(compiler);
    compile.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o"]).arg(&program).arg(&source);
    run(compile.arg("-I").arg(prefix.join("include")).arg("-L").arg(prefix.join("lib")).arg("-ltsd"))?;
    run(&mut Command::new(&program))?;
    Ok(())
}

/// The block of README that is marked as C.
fn example() -> Option<&'static str> {
    include_str!("../../../README.md").split_once("```c\n")?.1.split_once("```").map(|(example, _)| example)
}
