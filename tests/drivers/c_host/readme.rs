//! README's example in C, compiled and run as it stands there: by hand, and with its lines for CMake and for make.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tsd_runner::{command, tools};

use super::commands::{run, scratch};
use super::environment::Environment;

const README: &str = include_str!("../../../README.md");

/// One for each compiler and build system.
pub(crate) fn trials() -> Vec<Trial> {
    let compilers = ["gcc", "clang"];
    let mut trials: Vec<_> =
        compilers.map(|compiler| Trial::test(format!("c::readme::{compiler}"), move || check(compiler))).into();
    trials.push(Trial::test("c::readme::cmake", cmake));
    trials.push(Trial::test("c::readme::make", make));
    trials
}

fn check(compiler: &str) -> Result<(), Failed> {
    let prefix = Environment::ALL[0].prefix();
    let dir = scratch(&format!("readme-{compiler}"))?;
    let (source, program) = (dir.join("readme.c"), dir.join("readme"));
    fs::write(&source, block("c")?)?;
    let mut compile = command::of(compiler);
    compile.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o"]).arg(&program).arg(&source);
    run(compile.arg("-I").arg(prefix.join("include")).arg("-L").arg(prefix.join("lib")).arg("-ltsd"))?;
    run(&mut Command::new(&program))?;
    Ok(())
}

fn cmake() -> Result<(), Failed> {
    let dir = folder("readme-cmake", "CMakeLists.txt", "cmake")?;
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", Environment::ALL[0].prefix().display());
    run(command::of(tools::CMAKE.command).current_dir(&dir).args(["-S", ".", "-B", "build", &prefix]))?;
    run(command::of(tools::CMAKE.command).current_dir(&dir).args(["--build", "build"]))?;
    run(&mut Command::new(dir.join("build/kernel"))).map(drop)
}

fn make() -> Result<(), Failed> {
    let dir = folder("readme-make", "Makefile", "make")?;
    let prefix = format!("TSD={}", Environment::ALL[0].prefix().display());
    // What the test itself was started with is not the reader's.
    let mut make = command::of("make");
    for variable in ["MAKEFLAGS", "CPPFLAGS", "CFLAGS", "LDFLAGS", "LDLIBS"] {
        make.env_remove(variable);
    }
    run(make.current_dir(&dir).arg(prefix))?;
    run(&mut Command::new(dir.join("kernel"))).map(drop)
}

/// A folder that has the example and what README says for a build system, and nothing else.
fn folder(name: &str, file: &str, language: &str) -> Result<PathBuf, Failed> {
    let dir = scratch(name)?;
    fs::remove_dir_all(&dir)?;
    fs::create_dir(&dir)?;
    fs::write(dir.join("kernel.c"), block("c")?)?;
    fs::write(dir.join(file), block(language)?)?;
    Ok(dir)
}

/// The block of README that is marked as this language.
fn block(language: &str) -> Result<&'static str, Failed> {
    let block = README.split_once(&format!("```{language}\n")).and_then(|(_, rest)| rest.split_once("```"));
    Ok(block.ok_or_else(|| format!("README has nothing in {language}"))?.0)
}
