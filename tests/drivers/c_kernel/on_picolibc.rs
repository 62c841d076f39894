//! The kernel in plain C with picolibc, ported to it in `tests/porting/picolibc`.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use tsd_runner::{
    command,
    error::Result,
    machine::{self, Arch},
    qemu, setup, tools, workspace,
};

use crate::build::{built, compiler};
use crate::{LIMITS, rows, run};

/// As many as in `tests/porting/picolibc/cases.c`.
const PICOLIBC_CASES: usize = 3;

/// The kernel with picolibc, which passes its cases; or without a step of the port, which the cases find out.
pub(crate) fn run_cases(without: Option<&str>) -> std::result::Result<(), Failed> {
    // It makes the archive, too.
    let archive = built(Arch::Aarch64)?;
    let kernel = archive.with_file_name(format!("picolibc-{}.elf", without.unwrap_or("whole")));
    let machine = &machine::AARCH64_MAX;
    link_picolibc(without, &kernel).map_err(|error| error.to_string())?;
    let Some(step) = without else { return run(machine, &kernel, PICOLIBC_CASES) };
    let outcome = qemu::boot(machine, &kernel, "", 1, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?;
    let said = outcome.lines.join("\n");
    let words = rows::words_of(&format!("c_kernel::picolibc_without_{step}"))?;
    assert!(!outcome.is_success() && words.iter().all(|words| said.contains(words.as_str())), "{words:?}:\n{said}");
    Ok(())
}

/// Gets picolibc; the folder of its `include` and `lib`.
pub(crate) fn prepare() -> Result<PathBuf> {
    let (package, folder) = ("picolibc-aarch64-linux-gnu", "usr/lib/picolibc/aarch64-linux-gnu");
    setup::prepare_folder(package, folder, "lib/libc.a", true)
}

/// Links the kernel with picolibc, but for this step of its port.
fn link_picolibc(without: Option<&str>, kernel: &Path) -> Result<()> {
    let (library, port) = (prepare()?, workspace::root().join("tests/porting/picolibc"));
    let mut gcc = compiler(Arch::Aarch64, kernel.parent().unwrap_or(kernel));
    let own = command::answer(command::of(tools::AARCH64_GCC.command).arg("-print-file-name=include"));
    // None of another C library's headers, which the compiler is packaged with.
    gcc.args(["-ftls-model=local-exec", "-nostdinc", "-isystem"]).arg(own.unwrap_or_default());
    gcc.arg("-isystem").arg(library.join("include")).arg("-L").arg(library.join("lib"));
    gcc.args(without.map(|step| format!("-DWITHOUT_{}", step.to_uppercase())));
    gcc.args(["-Wl,--wrap=thread_start", "-Wl,--wrap=switch_stack", "-T"]).arg(port.join("kernel.ld"));
    gcc.args(["port.c", "cases.c"].map(|file| port.join(file)));
    command::run(gcc.args(["-ltsd", "-lc", "-lgcc", "-o"]).arg(kernel))
}
