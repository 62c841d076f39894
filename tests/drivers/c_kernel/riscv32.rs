//! The kernel in plain C on 32-bit RISC-V, without firmware and without a thread pointer: on a CPU with compare-and-swap
//! and on one without, whose QEMU refuses the instructions, too.

use std::path::PathBuf;

use libtest_mimic::Failed;
use tsd_runner::{
    command,
    error::Result,
    install,
    qemu::{self, Outcome},
    tools, workspace,
};

use crate::bits32::print_to_host;
use crate::build::{gcc, options};
use crate::critical::{self, NUMBERS};
use crate::{CASES, EMULATED_TLS_CASES, LIMITS, judge};

pub(crate) fn boot_imac() -> std::result::Result<(), Failed> {
    judge(&run("riscv32", "-march=rv32imac", "rv32", &[])?, CASES - EMULATED_TLS_CASES)
}

pub(crate) fn boot_imc() -> std::result::Result<(), Failed> {
    let files = ["critical.c", "riscv32/critical.c"];
    critical::judge(&run("riscv32imc", "-march=rv32imc_zicsr", "rv32,a=false", &files)?, EMULATED_TLS_CASES)
}

/// Runs the kernel with these files besides on a CPU of QEMU's.
fn run(target: &str, isa: &str, cpu: &str, files: &[&str]) -> std::result::Result<Outcome, Failed> {
    let kernel = build(target, isa, files).map_err(|error| error.to_string())?;
    let mut qemu = command::of(tools::QEMU_RISCV32.command);
    qemu.args(["-M", "virt", "-cpu", cpu, "-m", "16M", "-bios", "none", "-nodefaults"]);
    print_to_host(qemu.args(critical::STEPPED_TIME)).arg("-kernel").arg(kernel);
    Ok(qemu::run_for(&mut qemu, 0, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?)
}

fn build(target: &str, isa: &str, files: &[&str]) -> Result<PathBuf> {
    let source = workspace::root().join("tests/c/kernel");
    let prefix = workspace::images_dir()?.join("c-kernel").join(target);
    let options = install::Options { numbers: NUMBERS, ..options(target, &prefix) };
    install::run_if_changed(&options, &prefix.join("stamp"))?;
    let kernel = prefix.join("kernel.elf");
    let mut gcc = gcc(tools::RISCV64_GCC.command, &[isa, "-mabi=ilp32", "-mcmodel=medany"], "riscv64", &prefix);
    gcc.args([
        "-Wa,--defsym,BITS_32=1",
        "-ffreestanding",
        "-DNO_EMULATED_TLS",
        "-Wl,-melf32lriscv",
        "-Wl,--defsym=KERNEL=0x80000000",
        "-T",
    ]);
    gcc.arg(source.join("riscv64/kernel.ld")).arg(source.join("cases.c"));
    gcc.args(files.iter().map(|file| source.join(file)));
    command::run(gcc.args(["-ltsd", "-o"]).arg(&kernel))?;
    Ok(kernel)
}
