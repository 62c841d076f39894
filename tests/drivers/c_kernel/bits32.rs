//! The kernel in plain C on 32 bits: clang's, and booted as each machine's kernels are.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use tsd_runner::{
    command,
    error::Result,
    install::{self, ThreadPointer},
    qemu,
    tools::{self, Tool},
    workspace,
};

use crate::build::{THREAD_LOCALS, compile, options};
use crate::{CASES, LIMITS, judge};

/// A machine, and what its kernel is built with.
pub(crate) struct Bits32 {
    /// What `install` calls it, and the folder of its start.
    pub(crate) name: &'static str,
    /// To a word that points to the thread control block, which has 16 bytes before its `tsd_thread_t`.
    thread_pointer: &'static str,
    /// The compiler's options for the archive.
    rustflags: &'static [&'static str],
    clang: &'static [&'static str],
    pub(crate) qemu: &'static Tool,
    machine: &'static [&'static str],
    /// QEMU's status where all cases pass.
    success: i32,
}

/// All of them.
pub(crate) const ALL: [Bits32; 3] = [
    // With a register of the platform's and no thread pointer. The compiler says each time that the option is not one to
    // rely on.
    Bits32 {
        name: "thumbv7m",
        thread_pointer: "",
        rustflags: &["-Ctarget-feature=+reserve-r9"],
        clang: &["--target=thumbv7m-none-eabi", "-mcpu=cortex-m3", "-ffixed-r9"],
        qemu: &tools::QEMU_ARM,
        machine: &["-M", "mps2-an385", "-nic", "none", "-semihosting-config", "enable=on,target=native"],
        success: 0,
    },
    Bits32 {
        name: "armv7a",
        thread_pointer: "tpidrprw:0:16",
        rustflags: &[],
        clang: &["--target=armv7a-none-eabi", "-mcpu=cortex-a15", "-mfloat-abi=soft"],
        qemu: &tools::QEMU_ARM,
        machine: &["-M", "virt", "-cpu", "cortex-a15", "-semihosting-config", "enable=on,target=native"],
        success: 0,
    },
    // A CPU of the family's first years: of what later ones have, it has the registers for vectors.
    Bits32 {
        name: "i686",
        thread_pointer: "gs:0:16",
        rustflags: &[],
        clang: &["--target=i686-unknown-none-elf", "-mgeneral-regs-only"],
        qemu: &tools::QEMU_X86_64,
        machine: &["-M", "q35", "-cpu", "pentium3", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
        success: 33,
    },
];

impl Bits32 {
    /// Builds the kernel and runs it to its end.
    pub(crate) fn boot(&self) -> std::result::Result<(), Failed> {
        let kernel = self.build().map_err(|error| error.to_string())?;
        let mut qemu = command::of(self.qemu.command);
        qemu.args(self.machine).args(["-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"]);
        qemu.arg("-kernel").arg(kernel);
        judge(&qemu::run_for(&mut qemu, self.success, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?, CASES)
    }

    /// What its archive is made for and with.
    fn options(&self, prefix: &Path) -> install::Options {
        install::Options {
            thread_pointer: ThreadPointer::parse(self.thread_pointer),
            rustflags: self.rustflags.iter().map(|&flag| flag.to_owned()).collect(),
            ..options(self.name, prefix)
        }
    }

    fn build(&self) -> Result<PathBuf> {
        let prefix = workspace::images_dir()?.join("c-kernel").join(self.name);
        install::run_if_changed(&self.options(&prefix), &prefix.join("stamp"))?;
        let mut objects = Vec::new();
        // What is not emulated wants `__aeabi_read_tp`, which thumbv7m/boot.S has.
        let own = ["machine.c", "boot.S"].map(|file| format!("{}/{file}", self.name));
        for file in ["kernel.c", "cases.c"].into_iter().chain(own.iter().map(String::as_str)) {
            objects.push(compile(file, self.clang, &prefix)?);
        }
        for file in THREAD_LOCALS {
            objects.push(compile(file, &[self.clang, &["-femulated-tls"]].concat(), &prefix)?);
        }
        let kernel = prefix.join("kernel.elf");
        let mut link = command::of(tools::LLD.command);
        link.arg("-L").arg(prefix.join("lib")).arg("-T");
        link.arg(workspace::root().join("tests/c/kernel").join(self.name).join("kernel.ld"));
        command::run(link.args(&objects).args(["-ltsd", "-o"]).arg(&kernel))?;
        Ok(kernel)
    }
}
