//! The kernel in plain C on 32 bits: clang's, and how each machine is started with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tsd_runner::{
    command,
    error::Result,
    install::{self, Numbers, ThreadPointer},
    tools::{self, Tool},
    workspace,
};

use crate::build::{THREAD_LOCALS, compile, options};

/// A machine, and what its kernel is built with.
#[derive(Clone, Copy)]
pub(crate) struct Bits32 {
    /// What `install` calls it.
    pub(crate) name: &'static str,
    /// For what is built.
    pub(crate) folder: &'static str,
    /// The folder of its machine code.
    pub(crate) start: &'static str,
    /// To a word that points to the thread control block, which has 16 bytes before its `tsd_thread_t`.
    pub(crate) thread_pointer: &'static str,
    /// The compiler's options for the archive.
    pub(crate) rustflags: &'static [&'static str],
    /// The archive's capacities, unless they are the usual ones.
    pub(crate) numbers: Option<Numbers>,
    pub(crate) clang: &'static [&'static str],
    /// More options for the file with the hooks.
    pub(crate) hooks: &'static [&'static str],
    /// Files that other machines have not.
    pub(crate) files: &'static [&'static str],
    pub(crate) qemu: &'static Tool,
    pub(crate) machine: &'static [&'static str],
    /// Whether the kernel prints by semihosting, and not on a serial line.
    pub(crate) prints_to_host: bool,
    /// QEMU's status where all cases pass.
    pub(crate) success: i32,
}

/// With a register of the platform's and no thread pointer. The compiler says each time that the option is not one to
/// rely on.
pub(crate) const THUMBV7M: Bits32 = Bits32 {
    name: "thumbv7m",
    folder: "thumbv7m",
    start: "thumb",
    thread_pointer: "",
    rustflags: &["-Ctarget-feature=+reserve-r9"],
    numbers: None,
    clang: &["--target=thumbv7m-none-eabi", "-mcpu=cortex-m3", "-ffixed-r9"],
    hooks: &[],
    files: &[],
    qemu: &tools::QEMU_ARM,
    machine: &["-M", "mps2-an385", "-nic", "none"],
    prints_to_host: true,
    success: 0,
};

pub(crate) const ARMV7A: Bits32 = Bits32 {
    name: "armv7a",
    folder: "armv7a",
    start: "armv7a",
    thread_pointer: "tpidrprw:0:16",
    rustflags: &[],
    clang: &["--target=armv7a-none-eabi", "-mcpu=cortex-a15", "-mfloat-abi=soft"],
    machine: &["-M", "virt", "-cpu", "cortex-a15", "-semihosting-config", "enable=on,target=native"],
    prints_to_host: false,
    ..THUMBV7M
};

/// A CPU of the family's first years: of what later ones have, it has the registers for vectors.
pub(crate) const I686: Bits32 = Bits32 {
    name: "i686",
    folder: "i686",
    start: "i686",
    thread_pointer: "gs:0:16",
    rustflags: &[],
    clang: &["--target=i686-unknown-none-elf", "-mgeneral-regs-only"],
    qemu: &tools::QEMU_X86_64,
    machine: &["-M", "q35", "-cpu", "pentium3", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
    prints_to_host: false,
    success: 33,
    ..THUMBV7M
};

impl Bits32 {
    /// QEMU with the kernel, and with more options.
    pub(crate) fn command(&self, kernel: &Path, options: &[&str]) -> Command {
        let mut qemu = command::of(self.qemu.command);
        qemu.args(self.machine).args(options).arg("-nodefaults");
        if self.prints_to_host {
            print_to_host(&mut qemu);
        } else {
            qemu.args(["-no-reboot", "-display", "none", "-serial", "stdio"]);
        }
        qemu.arg("-kernel").arg(kernel);
        qemu
    }

    /// What its archive is made for and with.
    pub(crate) fn options(&self, prefix: &Path) -> install::Options {
        let usual = options(self.name, prefix);
        install::Options {
            numbers: self.numbers.unwrap_or(usual.numbers),
            thread_pointer: ThreadPointer::parse(self.thread_pointer),
            rustflags: self.rustflags.iter().map(|&flag| flag.to_owned()).collect(),
            ..usual
        }
    }

    /// Builds the kernel, which several tests share.
    pub(crate) fn build(&self) -> Result<PathBuf> {
        let _lock = workspace::lock(&format!("c-kernel-{}", self.folder))?;
        let prefix = workspace::images_dir()?.join("c-kernel").join(self.folder);
        install::run_if_changed(&self.options(&prefix), &prefix.join("stamp"))?;
        let mut objects = vec![compile("kernel.c", &[self.clang, self.hooks].concat(), &prefix)?];
        // What is not emulated wants `__aeabi_read_tp`, which thumb/boot.S has.
        let own = ["machine.c", "boot.S"].map(|file| format!("{}/{file}", self.start));
        for file in ["cases.c"].into_iter().chain(own.iter().map(String::as_str)).chain(self.files.iter().copied()) {
            objects.push(compile(file, self.clang, &prefix)?);
        }
        for file in THREAD_LOCALS {
            objects.push(compile(file, &[self.clang, &["-femulated-tls"]].concat(), &prefix)?);
        }
        let kernel = prefix.join("kernel.elf");
        let mut link = command::of(tools::LLD.command);
        link.arg("-L").arg(prefix.join("lib")).arg("-T");
        link.arg(workspace::root().join("tests/c/kernel").join(self.start).join("kernel.ld"));
        command::run(link.args(&objects).args(["-ltsd", "-o"]).arg(&kernel))?;
        Ok(kernel)
    }
}

/// Semihosting on the standard output.
pub(crate) fn print_to_host(qemu: &mut Command) -> &mut Command {
    qemu.args(["-serial", "none", "-no-reboot", "-display", "none", "-chardev", "stdio,id=console"]);
    qemu.args(["-semihosting-config", "chardev=console,enable=on,target=native"])
}
