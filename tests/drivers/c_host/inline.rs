//! The header's inline `tsd_get`, run on the host, whose C libraries leave one segment register free.

use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tsd_runner::command;

use super::archive;
use super::commands::{run, scratch};
use super::environment::Environment;

/// How the header finds the thread: its block at the register's base, by a pointer there, or as the kernel says.
const WAYS: [(&str, &[&str]); 4] = [
    ("by_base", &[]),
    ("by_pointer", &["-DTSD_THREAD_POINTER_AT=0"]),
    ("by_variable", &["-DBY_VARIABLE"]),
    ("by_function", &["-DTSD_CURRENT()=tsd_current()"]),
];

/// One for each compiler, capacity and way.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("c::inline::wrong_offset_is_refused", wrong_offset_is_refused)];
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
    let pointer = if options.contains(&"-DTSD_THREAD_POINTER_AT=0") { "_gs_0_64" } else { "_gs_64" };
    let archive = archive::renamed(environment, pointer, &program.with_extension("a"))?;
    run(compile.arg("-I").arg(prefix.join("include")).arg(archive))?;
    run(&mut Command::new(&program))?;
    Ok(())
}

/// The kernel's structure has the library's part at 64, wherever the thread pointer's user says that it is.
fn wrong_offset_is_refused() -> Result<(), Failed> {
    let file = scratch("inline")?.join("offset.c");
    let text = "#include <tsd.h>
        struct thread { char other[64]; tsd_thread_t tsd; };
        TSD_CHECK_THREAD_POINTER(struct thread, tsd);\n";
    fs::write(&file, text)?;
    for standard in ["-std=c99", "-std=c11", "-std=c2x"] {
        let compile = |offset: u32| {
            let mut gcc = command::of("gcc");
            gcc.args([standard, "-fsyntax-only", "-DTSD_THREAD_POINTER=gs", "-DTSD_NO_INLINE"]);
            gcc.arg(format!("-DTSD_THREAD_POINTER_OFFSET={offset}"));
            run(gcc.arg("-I").arg(Environment::ALL[0].prefix().join("include")).arg(&file))
        };
        compile(64)?;
        let refused = compile(72).err().and_then(|error| error.message().map(str::to_owned)).unwrap_or_default();
        assert!(refused.contains("the_thread_pointer_leads_to_tsd"), "{refused}");
    }
    Ok(())
}
