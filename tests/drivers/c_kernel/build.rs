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

/// What its archive is made for.
pub(crate) fn target(arch: Arch) -> Target {
    Target::named(arch.name()).unwrap_or_else(|| unreachable!("{} has a short name", arch.name()))
}

fn build(arch: Arch) -> Result<PathBuf> {
    let source = workspace::root().join("tests/c/kernel");
    let prefix = workspace::images_dir()?.join("c-kernel").join(arch.name());
    // A word that points to the thread control block, which has 32 bytes before its `tsd_thread_t`.
    let thread_pointer = match arch {
        Arch::X86_64 => "gs:0:32",
        Arch::Aarch64 => "tpidr_el1:0:32",
    };
    let options = install::Options {
        thread_pointer: ThreadPointer::parse(thread_pointer),
        may_install: true,
        ..install::Options::new(target(arch), prefix.clone())
    };
    install::run_if_changed(&options, &prefix.with_extension("stamp"))?;
    let kernel = prefix.join("kernel.elf");
    let mut gcc = compiler(arch, &prefix);
    // No library, and no calls to one that the compiler makes up.
    gcc.arg("-ffreestanding").arg("-T").arg(source.join(arch.name()).join("kernel.ld")).arg(source.join("cases.c"));
    gcc.args(with_thread_locals(arch, &prefix)?);
    command::run(gcc.args(["-ltsd", "-o"]).arg(&kernel))?;
    Ok(kernel)
}

/// What compiles and links the kernel, but for its cases.
pub(crate) fn compiler(arch: Arch, prefix: &Path) -> Command {
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
