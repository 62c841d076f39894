//! A kernel in plain C, with boot code of its own, links the archive as a stranger's does and runs on every machine.
//!
//! It is freestanding, without a C library: that it links at all shows that the archive, which is installed for a
//! thread pointer, wants nothing but the hooks for waiting.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    command,
    error::Result,
    install::{self, Target, ThreadPointer, registers},
    machine::{self, Arch, Machine},
    protocol::{self, Line},
    qemu::{self, Limits},
    setup::{self, Wants},
    tools, workspace,
};

const LIMITS: Limits = Limits { total: Duration::from_secs(120), silence: Duration::from_secs(60) };

fn main() {
    let arguments = Arguments::from_args();
    let trial = |machine: &'static &Machine| Trial::test(format!("c_kernel::{}", machine.name), || boot(machine));
    let mut trials: Vec<_> = machine::ALL.iter().map(trial).collect();
    trials.extend(Arch::ALL.map(|arch| {
        let name = format!("c_kernel::{}_registers", arch.name());
        Trial::test(name, move || registers(arch))
    }));
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
    let compilers = [&tools::GCC, &tools::AARCH64_GCC, &tools::RISCV64_GCC];
    setup::prepare(Wants { tools: &compilers, ..Wants::to_boot(&machine::ALL) }, true)?;
    Arch::ALL.into_iter().try_for_each(qemu::check_version)
}

/// Builds the kernel and runs it to its end.
fn boot(machine: &Machine) -> std::result::Result<(), Failed> {
    let kernel = built(machine.arch)?;
    let outcome = qemu::boot(machine, &kernel, "", 1, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?;
    outcome.verdict().map_err(|error| error.to_string())?;
    let cases = outcome.lines.iter().filter(|line| matches!(protocol::read(line), Line::Case(_, "ok"))).count();
    if cases == CASES { Ok(()) } else { Err(format!("{cases} cases of {CASES}: {:?}", outcome.lines).into()) }
}

/// The kernel for an architecture, which several tests share: built once a process.
fn built(arch: Arch) -> std::result::Result<PathBuf, Failed> {
    static BUILT: Mutex<Vec<(Arch, std::result::Result<PathBuf, String>)>> = Mutex::new(Vec::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, kernel)) = built.iter().find(|(its, _)| *its == arch) {
        return Ok(kernel.clone()?);
    }
    // nextest has a process for each test.
    let lock = workspace::lock(&format!("c-kernel-{}", arch.name()));
    let kernel = lock.and_then(|_lock| build(arch)).map_err(|error| error.to_string());
    built.push((arch, kernel.clone()));
    Ok(kernel?)
}

/// No instruction of the archive, nor of what its header makes in the kernel, names a register that belongs to the
/// kernel, or one for floating point and vectors, which this kernel has not turned on. On x86_64 the kernel's boot code
/// is of another mode.
fn registers(arch: Arch) -> std::result::Result<(), Failed> {
    let kernel = built(arch)?;
    let archive = kernel.with_file_name("lib").join("libtsd.a");
    for file in [Some(archive), (arch != Arch::X86_64).then_some(kernel)].into_iter().flatten() {
        let pointer = thread_pointer(arch);
        let checked = registers::check(&file, &target(arch), pointer.as_ref());
        let instructions = checked.map_err(|error| error.to_string())?;
        assert!(instructions > 1000, "{}: {instructions} instructions were seen", file.display());
    }
    Ok(())
}

/// To a word that points to the thread control block, which has 32 bytes before its `tsd_thread_t`.
fn thread_pointer(arch: Arch) -> Option<ThreadPointer> {
    ThreadPointer::parse(match arch {
        Arch::X86_64 => "gs:0:32",
        Arch::Aarch64 => "tpidr_el1:0:32",
        Arch::Riscv64 => "tp:0:32",
    })
}

fn target(arch: Arch) -> Target {
    Target::named(arch.name()).unwrap_or_else(|| unreachable!("{} has a short name", arch.name()))
}

/// As many as `cases.c` has, so that one which is left out is seen.
const CASES: usize = 10;

fn build(arch: Arch) -> Result<PathBuf> {
    let source = workspace::root().join("tests/c/kernel");
    let prefix = workspace::images_dir()?.join("c-kernel").join(arch.name());
    install::run(&install::Options {
        thread_pointer: thread_pointer(arch),
        may_install: true,
        ..install::Options::new(target(arch), prefix.clone())
    })?;
    let kernel = prefix.join("kernel.elf");
    // With no register that the boot code has not turned on.
    let (compiler, options): (_, &[&str]) = match arch {
        Arch::X86_64 => (tools::GCC.command, &["-mgeneral-regs-only", "-mno-red-zone", "-fcf-protection=none"]),
        Arch::Aarch64 => (tools::AARCH64_GCC.command, &["-mgeneral-regs-only", "-ffixed-x18"]),
        Arch::Riscv64 => (tools::RISCV64_GCC.command, &["-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"]),
    };
    let mut gcc = command::of(compiler);
    gcc.args(options).args(["-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
    // No library, and no calls to one that the compiler makes up.
    gcc.args(["-ffreestanding", "-fno-tree-loop-distribute-patterns", "-fno-stack-protector"]);
    gcc.args(["-fno-asynchronous-unwind-tables", "-fno-pic", "-no-pie", "-static", "-nostdlib", "-Wl,--build-id=none"]);
    // It has no pages to protect.
    gcc.args(["-Wl,-z,noexecstack", "-Wl,-z,max-page-size=4096"]);
    gcc.arg("-I").arg(prefix.join("include")).arg("-L").arg(prefix.join("lib"));
    gcc.arg("-T").arg(source.join(arch.name()).join("kernel.ld"));
    gcc.args(["kernel.c", "cases.c"].map(|file| source.join(file)));
    gcc.args(["machine.c", "boot.S"].map(|file| source.join(arch.name()).join(file)));
    gcc.args(["-ltsd", "-o"]).arg(&kernel);
    command::run(&mut gcc)?;
    Ok(kernel)
}
