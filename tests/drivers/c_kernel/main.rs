//! A kernel in plain C, with boot code of its own, links the archive as a stranger's does and runs on every machine.
//!
//! It is freestanding, without a C library: that it links at all shows that the archive, which is installed for a
//! thread pointer, wants nothing but the hooks for waiting. On aarch64 it runs a second time with picolibc, ported to it, and
//! with a step of that port left out, which shows as docs/porting/libc.md says.

mod build;
#[path = "../c_host/rows.rs"]
mod rows;

use std::path::Path;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    command,
    error::Result,
    install::registers,
    machine::{self, Arch, Machine},
    picolibc,
    protocol::{self, Line},
    qemu::{self, Limits},
    setup::{self, Wants},
    tools, workspace,
};

use build::{built, compiler, target};

const LIMITS: Limits = Limits { total: Duration::from_secs(120), silence: Duration::from_secs(60) };

fn main() {
    let arguments = Arguments::from_args();
    let trial = |machine: &'static &Machine| Trial::test(format!("c_kernel::{}", machine.name), || boot(machine));
    let mut trials: Vec<_> = machine::ALL.iter().map(trial).collect();
    trials.extend(Arch::ALL.map(|arch| {
        let name = format!("c_kernel::{}_registers", arch.name());
        Trial::test(name, move || registers(arch))
    }));
    trials.push(Trial::test("c_kernel::picolibc", || with_picolibc(None)));
    trials.extend(
        ["tls", "locks"]
            .map(|step| Trial::test(format!("c_kernel::picolibc_without_{step}"), move || with_picolibc(Some(step)))),
    );
    let selected = trials.iter().any(|trial| !arguments.is_filtered_out(trial));
    if selected
        && !arguments.list
        && let Err(error) = prepare()
    {
        error.end_process();
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn prepare() -> Result<()> {
    let compilers = [&tools::GCC, &tools::AARCH64_GCC, &tools::CLANG];
    setup::prepare(Wants { tools: &compilers, ..Wants::to_boot(&machine::ALL) }, true)?;
    picolibc::prepare(true)?;
    Arch::ALL.into_iter().try_for_each(qemu::check_version)
}

/// Builds the kernel and runs it to its end.
fn boot(machine: &Machine) -> std::result::Result<(), Failed> {
    run(machine, &built(machine.arch)?, CASES)
}

fn run(machine: &Machine, kernel: &Path, cases: usize) -> std::result::Result<(), Failed> {
    let outcome = qemu::boot(machine, kernel, "", 1, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?;
    outcome.verdict().map_err(|error| error.to_string())?;
    let passed = outcome.lines.iter().filter(|line| matches!(protocol::read(line), Line::Case(_, "ok"))).count();
    if passed == cases { Ok(()) } else { Err(format!("{passed} cases of {cases}: {:?}", outcome.lines).into()) }
}

/// The kernel with picolibc, which passes its cases; or without a step of the port, which the cases find out.
fn with_picolibc(without: Option<&str>) -> std::result::Result<(), Failed> {
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

/// No instruction of the archive, nor of what its header makes in the kernel, names a register that belongs to the
/// kernel, or one for floating point and vectors, which this kernel has not turned on. On x86_64 the kernel's boot code
/// is of another mode.
fn registers(arch: Arch) -> std::result::Result<(), Failed> {
    let kernel = built(arch)?;
    let archive = kernel.with_file_name("lib").join("libtsd.a");
    for file in [Some(archive), (arch == Arch::Aarch64).then_some(kernel)].into_iter().flatten() {
        let instructions = registers::check(&file, &target(arch), &[]).map_err(|error| error.to_string())?;
        assert!(instructions > 1000, "{}: {instructions} instructions were seen", file.display());
    }
    Ok(())
}

/// As many as `cases.c` has, so that one which is left out is seen.
const CASES: usize = 13;

/// Likewise, of `tests/porting/picolibc/cases.c`.
const PICOLIBC_CASES: usize = 3;

fn link_picolibc(without: Option<&str>, kernel: &Path) -> Result<()> {
    let (library, port) = (picolibc::prepare(true)?, workspace::root().join("tests/porting/picolibc"));
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
