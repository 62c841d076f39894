//! Builds the kernel in plain C, with the archive that it links.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::Failed;
use tsd_runner::{
    command,
    error::Result,
    install::{self, Target, ThreadPointer},
    machine::Arch,
    tools, workspace,
};

/// The kernel for an architecture, which several tests share: built once a process.
pub(crate) fn built(arch: Arch) -> std::result::Result<PathBuf, Failed> {
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

/// What its archive is made for and with.
pub(crate) fn options(target: &str, prefix: &Path) -> install::Options {
    let target = Target::named(target).unwrap_or_else(|| unreachable!("{target} is a short name"));
    install::Options { may_install: true, ..install::Options::new(target, prefix.to_path_buf()) }
}

/// The same for an architecture whose kernel has a thread pointer.
pub(crate) fn options_with_pointer(arch: Arch, prefix: &Path) -> install::Options {
    // To a word that points to the thread control block, which has 32 bytes before its `tsd_thread_t`.
    let thread_pointer = match arch {
        Arch::X86_64 => "gs:0:32",
        Arch::Aarch64 => "tpidr_el1:0:32",
        Arch::Riscv64 => "tp:0:32",
    };
    install::Options { thread_pointer: ThreadPointer::parse(thread_pointer), ..options(arch.name(), prefix) }
}

fn build(arch: Arch) -> Result<PathBuf> {
    let source = workspace::root().join("tests/c/kernel");
    let prefix = workspace::images_dir()?.join("c-kernel").join(arch.name());
    let options = options_with_pointer(arch, &prefix);
    install::run_if_changed(&options, &prefix.with_extension("stamp"))?;
    let kernel = prefix.join("kernel.elf");
    let mut gcc = compiler(arch, &prefix);
    // No library, and no calls to one that the compiler makes up.
    gcc.arg("-ffreestanding").arg("-T").arg(source.join(arch.name()).join("kernel.ld")).arg(source.join("cases.c"));
    match with_thread_locals(arch, &prefix)? {
        Some(objects) => gcc.args(objects),
        None => gcc.arg("-DNO_EMULATED_TLS"),
    };
    command::run(gcc.args(["-ltsd", "-o"]).arg(&kernel))?;
    Ok(kernel)
}

/// What compiles and links the kernel, but for its cases.
pub(crate) fn compiler(arch: Arch, prefix: &Path) -> Command {
    let (compiler, options): (_, &[&str]) = match arch {
        Arch::X86_64 => (tools::GCC.command, &["-mgeneral-regs-only", "-mno-red-zone", "-fcf-protection=none"]),
        Arch::Aarch64 => (tools::AARCH64_GCC.command, &["-mgeneral-regs-only", "-ffixed-x18"]),
        Arch::Riscv64 => (tools::RISCV64_GCC.command, &["-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"]),
    };
    // No register that the boot code has not turned on.
    gcc(compiler, options, arch.name(), prefix)
}

/// The same with what a compiler is told of its CPU, and the folder of what is the CPU's.
pub(crate) fn gcc(compiler: &str, options: &[&str], folder: &str, prefix: &Path) -> Command {
    let source = workspace::root().join("tests/c/kernel");
    let mut gcc = command::of(compiler);
    gcc.args(options).args(["-std=c11", "-fno-tree-loop-distribute-patterns"]).args(BARE);
    gcc.args(["-no-pie", "-static", "-nostdlib", "-Wl,--build-id=none"]);
    // It has no pages to protect.
    gcc.args(["-Wl,-z,noexecstack", "-Wl,-z,max-page-size=4096"]);
    gcc.arg("-I").arg(prefix.join("include")).arg("-L").arg(prefix.join("lib")).arg(source.join("kernel.c"));
    // The last where boot.S is without C's preprocessor.
    let files = ["machine.c", "boot.S", "registers.S"].map(|file| source.join(folder).join(file));
    gcc.args(files.into_iter().filter(|file| file.exists()));
    gcc
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

/// The object files that have thread-local variables, by the compiler that emulates them, unless it can't.
fn with_thread_locals(arch: Arch, prefix: &Path) -> Result<Option<Vec<PathBuf>>> {
    let options: &[&str] = match arch {
        Arch::X86_64 => &["--target=x86_64-unknown-none-elf", "-mno-red-zone", "-mgeneral-regs-only"],
        Arch::Aarch64 => &["--target=aarch64-none-elf", "-ffixed-x18", "-mgeneral-regs-only"],
        // It would refer to the variables by their names.
        Arch::Riscv64 => return Ok(None),
    };
    let objects = THREAD_LOCALS.iter().map(|file| compile(file, &[options, &["-femulated-tls"]].concat(), prefix));
    objects.collect::<Result<_>>().map(Some)
}

/// The files that have them.
pub(crate) const THREAD_LOCALS: [&str; 2] = ["thread_local.c", "thread_local.cc"];

/// Makes an object file of one of the kernel's with clang.
pub(crate) fn compile(file: &str, options: &[&str], prefix: &Path) -> Result<PathBuf> {
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
