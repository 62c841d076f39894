//! A kernel in plain C, with boot code of its own, links the archive as a stranger's does and runs on every machine.
//!
//! It is freestanding, without a C library: that it links at all shows that the archive, which is installed for a
//! thread pointer, wants nothing but the hooks for waiting. On aarch64 it runs a second time with picolibc, ported to it, and
//! with a step of that port left out, which shows as docs/porting/libc.md says.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    command,
    error::Result,
    install::{self, Target, ThreadPointer, registers},
    machine::{self, Arch, Machine},
    picolibc,
    protocol::{self, Line},
    qemu::{self, Limits},
    setup::{self, Wants},
    tools, workspace,
};

#[path = "c_host/rows.rs"]
mod rows;

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
    for file in [Some(archive), (arch == Arch::Aarch64).then_some(kernel)].into_iter().flatten() {
        let instructions = registers::check(&file, &target(arch), &[]).map_err(|error| error.to_string())?;
        assert!(instructions > 1000, "{}: {instructions} instructions were seen", file.display());
    }
    Ok(())
}

fn target(arch: Arch) -> Target {
    Target::named(arch.name()).unwrap_or_else(|| unreachable!("{} has a short name", arch.name()))
}

/// As many as `cases.c` has, so that one which is left out is seen.
const CASES: usize = 13;

/// Likewise, of `tests/porting/picolibc/cases.c`.
const PICOLIBC_CASES: usize = 3;

fn build(arch: Arch) -> Result<PathBuf> {
    let source = workspace::root().join("tests/c/kernel");
    let prefix = workspace::images_dir()?.join("c-kernel").join(arch.name());
    // A word that points to the thread control block, which has 32 bytes before its `tsd_thread_t`.
    let thread_pointer = match arch {
        Arch::X86_64 => "gs:0:32",
        Arch::Aarch64 => "tpidr_el1:0:32",
    };
    install::run(&install::Options {
        thread_pointer: ThreadPointer::parse(thread_pointer),
        may_install: true,
        ..install::Options::new(target(arch), prefix.clone())
    })?;
    let kernel = prefix.join("kernel.elf");
    let mut gcc = compiler(arch, &prefix);
    // No library, and no calls to one that the compiler makes up.
    gcc.arg("-ffreestanding").arg("-T").arg(source.join(arch.name()).join("kernel.ld")).arg(source.join("cases.c"));
    gcc.args(with_thread_locals(arch, &prefix)?);
    command::run(gcc.args(["-ltsd", "-o"]).arg(&kernel))?;
    Ok(kernel)
}

/// What compiles and links the kernel, but for its cases.
fn compiler(arch: Arch, prefix: &Path) -> Command {
    let source = workspace::root().join("tests/c/kernel");
    let (compiler, options): (_, &[&str]) = match arch {
        Arch::X86_64 => (tools::GCC.command, &["-mno-red-zone", "-fcf-protection=none"]),
        Arch::Aarch64 => (tools::AARCH64_GCC.command, &["-ffixed-x18"]),
    };
    let mut gcc = command::of(compiler);
    gcc.args(options).args(["-std=c11", "-fno-tree-loop-distribute-patterns"]).args(BARE);
    gcc.args(["-no-pie", "-static", "-nostdlib", "-Wl,--build-id=none"]);
    // It has no pages to protect.
    gcc.args(["-Wl,-z,noexecstack", "-Wl,-z,max-page-size=4096"]);
    gcc.arg("-I").arg(prefix.join("include")).arg("-L").arg(prefix.join("lib")).arg(source.join("kernel.c"));
    gcc.args(["machine.c", "boot.S"].map(|file| source.join(arch.name()).join(file)));
    gcc
}

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

/// What both compilers are told: no register that the boot code has not turned on, among others.
const BARE: [&str; 10] = [
    "-O2",
    "-g",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-fno-pic",
    "-mgeneral-regs-only",
];

/// The object files that have thread-local variables, by the compiler that emulates them.
fn with_thread_locals(arch: Arch, prefix: &Path) -> Result<Vec<PathBuf>> {
    let (target, options): (_, &[&str]) = match arch {
        Arch::X86_64 => ("x86_64-unknown-none-elf", &["-mno-red-zone"]),
        Arch::Aarch64 => ("aarch64-none-elf", &["-ffixed-x18"]),
    };
    let cxx: &[&str] = &["-std=c++17", "-fno-exceptions", "-fno-rtti"];
    let mut objects = Vec::new();
    for (file, language) in [("thread_local.c", &["-std=c11"][..]), ("thread_local.cc", cxx)] {
        let object = prefix.join(format!("{file}.o"));
        let mut clang = command::of(tools::CLANG.command);
        clang.arg(format!("--target={target}")).args(options).args(language).args(BARE);
        clang.args(["-ffreestanding", "-femulated-tls", "-fno-builtin", "-I"]).arg(prefix.join("include")).arg("-c");
        clang.arg(workspace::root().join("tests/c/kernel").join(file)).arg("-o").arg(&object);
        command::run(&mut clang)?;
        objects.push(object);
    }
    Ok(objects)
}
