//! A kernel in plain C, with boot code of its own, links the archive as a stranger's does and runs on every machine.
//!
//! It is freestanding, without a C library: that it links at all shows that the archive, which is installed for a
//! thread pointer, wants nothing but the hooks for waiting. On aarch64 it runs a second time with picolibc, ported to it, and
//! with a step of that port left out, which shows as docs/porting/libc.md says. On 32 bits it is clang's, with a register of
//! the platform's and no thread pointer.

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
    qemu::{self, Limits, Outcome},
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
    trials.push(Trial::test("c_kernel::thumbv7m", boot_thumbv7m));
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
    let tools = [&tools::GCC, &tools::AARCH64_GCC, &tools::CLANG, &tools::LLD, &tools::QEMU_ARM];
    setup::prepare(Wants { tools: &tools, ..Wants::to_boot(&machine::ALL) }, true)?;
    qemu::check_tool(&tools::QEMU_ARM)?;
    picolibc::prepare(true)?;
    Arch::ALL.into_iter().try_for_each(qemu::check_version)
}

/// Builds the kernel and runs it to its end.
fn boot(machine: &Machine) -> std::result::Result<(), Failed> {
    run(machine, &built(machine.arch)?, CASES)
}

fn run(machine: &Machine, kernel: &Path, cases: usize) -> std::result::Result<(), Failed> {
    judge(&qemu::boot(machine, kernel, "", 1, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?, cases)
}

/// A boot is a success if each of the kernel's cases was one.
fn judge(outcome: &Outcome, cases: usize) -> std::result::Result<(), Failed> {
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
    let options = options(arch.name(), &kernel);
    for file in [Some(archive), (arch == Arch::Aarch64).then_some(kernel)].into_iter().flatten() {
        let instructions = registers::check(&file, &options).map_err(|error| error.to_string())?;
        assert!(instructions > 1000, "{}: {instructions} instructions were seen", file.display());
    }
    Ok(())
}

fn options(target: &str, prefix: &Path) -> install::Options {
    let target = Target::named(target).unwrap_or_else(|| unreachable!("{target} is a short name"));
    install::Options { may_install: true, ..install::Options::new(target, prefix.to_path_buf()) }
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
        ..options(arch.name(), &prefix)
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
        Arch::X86_64 => (tools::GCC.command, &["-mgeneral-regs-only", "-mno-red-zone", "-fcf-protection=none"]),
        Arch::Aarch64 => (tools::AARCH64_GCC.command, &["-mgeneral-regs-only", "-ffixed-x18"]),
    };
    let mut gcc = command::of(compiler);
    // No register that the boot code has not turned on.
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

/// What all compilers are told.
const BARE: [&str; 9] = [
    "-O2",
    "-g",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-fno-pic",
];

/// The object files that have thread-local variables, by the compiler that emulates them.
fn with_thread_locals(arch: Arch, prefix: &Path) -> Result<Vec<PathBuf>> {
    let options: &[&str] = match arch {
        Arch::X86_64 => &["--target=x86_64-unknown-none-elf", "-mno-red-zone", "-mgeneral-regs-only"],
        Arch::Aarch64 => &["--target=aarch64-none-elf", "-ffixed-x18", "-mgeneral-regs-only"],
    };
    THREAD_LOCALS.iter().map(|file| compile(file, &[options, &["-femulated-tls"]].concat(), prefix)).collect()
}

const THREAD_LOCALS: [&str; 2] = ["thread_local.c", "thread_local.cc"];

/// Makes an object file of one of the kernel's with clang.
fn compile(file: &str, options: &[&str], prefix: &Path) -> Result<PathBuf> {
    let object = prefix.join(file.replace('/', "-") + ".o");
    let mut clang = command::of(tools::CLANG.command);
    let language: &[&str] = match file.rsplit_once('.') {
        Some((_, "c")) => &["-std=c11"],
        Some((_, "cc")) => &["-std=c++17", "-fno-exceptions", "-fno-rtti"],
        _ => &[],
    };
    clang.args(options).args(language).args(BARE).args(["-ffreestanding", "-fno-builtin"]);
    clang.arg("-I").arg(prefix.join("include")).arg("-c");
    clang.arg(workspace::root().join("tests/c/kernel").join(file)).arg("-o").arg(&object);
    command::run(&mut clang)?;
    Ok(object)
}

fn boot_thumbv7m() -> std::result::Result<(), Failed> {
    let kernel = build_thumbv7m().map_err(|error| error.to_string())?;
    let mut qemu = command::of(tools::QEMU_ARM.command);
    qemu.args(["-M", "mps2-an385", "-nodefaults", "-nic", "none", "-display", "none", "-serial", "stdio"]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(kernel);
    judge(&qemu::run_for(&mut qemu, 0, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?, CASES)
}

fn build_thumbv7m() -> Result<PathBuf> {
    let prefix = workspace::images_dir()?.join("c-kernel/thumbv7m");
    let reserved =
        install::Options { rustflags: vec!["-Ctarget-feature=+reserve-r9".into()], ..options("thumbv7m", &prefix) };
    // The compiler says each time that the option is not one to rely on.
    install::run_if_changed(&reserved, &prefix.join("stamp"))?;
    let options = ["--target=thumbv7m-none-eabi", "-mcpu=cortex-m3", "-ffixed-r9"];
    let mut objects = Vec::new();
    // What is not emulated wants `__aeabi_read_tp`, which boot.S has.
    for file in ["kernel.c", "cases.c", "thumbv7m/machine.c", "thumbv7m/boot.S"] {
        objects.push(compile(file, &options, &prefix)?);
    }
    for file in THREAD_LOCALS {
        objects.push(compile(file, &[&options[..], &["-femulated-tls"]].concat(), &prefix)?);
    }
    let kernel = prefix.join("kernel.elf");
    let mut link = command::of(tools::LLD.command);
    link.arg("-L").arg(prefix.join("lib")).arg("-T").arg(workspace::root().join("tests/c/kernel/thumbv7m/kernel.ld"));
    command::run(link.args(&objects).args(["-ltsd", "-o"]).arg(&kernel))?;
    Ok(kernel)
}
