//! The header's inline `tsd_get`, run on the host, whose C libraries leave one segment register free.

use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tsd_runner::command;

use super::commands::{run, scratch};
use super::environment::Environment;

/// How the header finds the thread: its block at the register's base, or by a pointer there.
const WAYS: [(&str, &[&str]); 2] = [("by_base", &[]), ("by_pointer", &["-DTSD_THREAD_POINTER_AT=0"])];

/// One for each compiler, capacity and way.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        for environment in Environment::ALL.iter().filter(|environment| environment.cxx.is_some()) {
            for compiler in ["gcc", "clang"] {
                for (way, options) in WAYS {
                    for (suffix, source) in [("", "inline.c"), ("::stepped", "stepped.c")] {
                        let name = format!("c::inline::{}::{compiler}::{way}{suffix}", environment.name);
                        trials.push(Trial::test(name.clone(), move || {
                            check(environment, compiler, options, source, &name)
                        }));
                    }
                }
            }
        }
    }
    trials
}

fn check(environment: &Environment, compiler: &str, options: &[&str], source: &str, name: &str) -> Result<(), Failed> {
    let prefix = environment.prefix();
    let program = scratch("inline")?.join(name.replace("::", "-"));
    let source = tsd_runner::workspace::root().join("tests/c/instructions").join(source);
    let mut compile = command::of(compiler);
    compile.args(["-std=c11", "-O2", "-mno-red-zone", "-Wall", "-Wextra", "-Werror", "-DTSD_THREAD_POINTER=gs"]);
    compile.arg("-DTSD_THREAD_POINTER_OFFSET=64").args(options).arg("-o").arg(&program).arg(source);
    run(compile.arg("-I").arg(prefix.join("include")).arg("-L").arg(prefix.join("lib")).arg("-ltsd"))?;
    run(&mut Command::new(&program))?;
    Ok(())
}
