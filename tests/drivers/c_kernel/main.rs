//! A kernel in plain C, with boot code of its own, links the archive as a stranger's does and runs on every machine.
//!
//! It is freestanding, without a C library: that it links at all shows that the archive, which is installed for a
//! thread pointer, wants nothing but the hooks for waiting. On aarch64 it runs a second time with picolibc, ported to it, and
//! with a step of that port left out, which shows as docs/porting/libc.md says. On 32 bits it is clang's on Arm and x86, GCC's
//! on RISC-V, and on CPUs without compare-and-swap it has a critical section, and a timer whose handler uses the library, too.

mod bits32;
mod build;
mod critical;
mod microbit;
mod on_picolibc;
mod riscv32;
#[path = "../c_host/rows.rs"]
mod rows;

use std::path::Path;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    error::Result,
    install::registers,
    machine::{self, Arch, Machine},
    protocol::{self, Line},
    qemu::{self, Limits, Outcome},
    setup::{self, Wants},
    tools,
};

use bits32::{ARMV7A, Bits32, I686, THUMBV7M};
use build::{built, options_with_pointer};

const LIMITS: Limits = Limits { total: Duration::from_secs(120), silence: Duration::from_secs(60) };

fn main() {
    let arguments = Arguments::from_args();
    let trial = |machine: &'static &Machine| Trial::test(format!("c_kernel::{}", machine.name), || boot(machine));
    let mut trials: Vec<_> = machine::ALL.iter().map(trial).collect();
    trials.extend(Arch::ALL.map(|arch| {
        let name = format!("c_kernel::{}_registers", arch.name());
        Trial::test(name, move || registers(arch))
    }));
    trials.push(Trial::test("c_kernel::picolibc", || on_picolibc::run_cases(None)));
    trials.extend(["tls", "locks"].map(|step| {
        Trial::test(format!("c_kernel::picolibc_without_{step}"), move || on_picolibc::run_cases(Some(step)))
    }));
    trials.extend([THUMBV7M, ARMV7A, I686].map(|kernel| {
        Trial::test(format!("c_kernel::{}", kernel.name), move || judge(&run_32_bits(&kernel, &[], LIMITS)?, CASES))
    }));
    trials.push(Trial::test("c_kernel::thumbv6m", microbit::boot));
    trials.push(Trial::test("c_kernel::thumbv6m::without_masking", microbit::boot_without_masking));
    trials.push(Trial::test("c_kernel::riscv32", riscv32::boot_imac));
    trials.push(Trial::test("c_kernel::riscv32imc", riscv32::boot_imc));
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
    let compilers = [&tools::GCC, &tools::AARCH64_GCC, &tools::RISCV64_GCC, &tools::CLANG, &tools::LLD];
    let qemus = [&tools::QEMU_ARM, &tools::QEMU_RISCV32];
    let tools = [&compilers[..], &qemus].concat();
    setup::prepare(Wants { tools: &tools, ..Wants::to_boot(&machine::ALL) }, true)?;
    qemus.into_iter().try_for_each(qemu::check_tool)?;
    on_picolibc::prepare()?;
    Arch::ALL.into_iter().try_for_each(qemu::check_version)
}

/// Builds the kernel and runs it to its end.
fn boot(machine: &Machine) -> std::result::Result<(), Failed> {
    let cases = CASES - if machine.arch == Arch::Riscv64 { EMULATED_TLS_CASES } else { 0 };
    run(machine, &built(machine.arch)?, cases)
}

fn run(machine: &Machine, kernel: &Path, cases: usize) -> std::result::Result<(), Failed> {
    judge(&qemu::boot(machine, kernel, "", 1, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?, cases)
}

/// The same with one of 32 bits and more options of QEMU's, and without a judgement.
fn run_32_bits(kernel: &Bits32, options: &[&str], limits: Limits) -> std::result::Result<Outcome, Failed> {
    let built = kernel.build().map_err(|error| error.to_string())?;
    let mut qemu = kernel.command(&built, options);
    Ok(qemu::run_for(&mut qemu, kernel.success, limits, &mut |_| ()).map_err(|error| error.to_string())?)
}

/// A boot is a success if each of the kernel's cases was one.
fn judge(outcome: &Outcome, cases: usize) -> std::result::Result<(), Failed> {
    outcome.verdict().map_err(|error| error.to_string())?;
    let passed = outcome.lines.iter().filter(|line| matches!(protocol::read(line), Line::Case(_, "ok"))).count();
    if passed == cases { Ok(()) } else { Err(format!("{passed} cases of {cases}: {:?}", outcome.lines).into()) }
}

/// No instruction of the archive, nor of what its header makes in the kernel, names a register that belongs to the
/// kernel, or one for floating point and vectors, which this kernel has not turned on. On x86_64 the kernel's boot code
/// is of another mode.
fn registers(arch: Arch) -> std::result::Result<(), Failed> {
    let kernel = built(arch)?;
    let archive = kernel.with_file_name("lib").join("libtsd.a");
    let options = options_with_pointer(arch, &kernel);
    for file in [Some(archive), (arch != Arch::X86_64).then_some(kernel)].into_iter().flatten() {
        let instructions = registers::check(&file, &options).map_err(|error| error.to_string())?;
        assert!(instructions > 1000, "{}: {instructions} instructions were seen", file.display());
    }
    Ok(())
}

/// As many as `cases.c` has, so that one which is left out is seen.
const CASES: usize = 14;
/// Those for variables that the compiler emulates, which it can't for each architecture.
const EMULATED_TLS_CASES: usize = 2;
