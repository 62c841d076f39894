//! The kernel in plain C on 32 bits: clang's, with a register of the platform's and no thread pointer.

use std::path::PathBuf;

use libtest_mimic::Failed;
use tsd_runner::{command, error::Result, install, qemu, tools, workspace};

use crate::build::{THREAD_LOCALS, compile, options};
use crate::{CASES, LIMITS, judge};

pub(crate) fn boot() -> std::result::Result<(), Failed> {
    let kernel = build().map_err(|error| error.to_string())?;
    let mut qemu = command::of(tools::QEMU_ARM.command);
    qemu.args(["-M", "mps2-an385", "-nodefaults", "-nic", "none", "-display", "none", "-serial", "stdio"]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(kernel);
    judge(&qemu::run_for(&mut qemu, 0, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?, CASES)
}

fn build() -> Result<PathBuf> {
    let prefix = workspace::images_dir()?.join("c-kernel/thumbv7m");
    let reserved =
        install::Options { rustflags: vec!["-Ctarget-feature=+reserve-r9".into()], ..options("thumbv7m", &prefix) };
    // The compiler says each time that the option is not one to rely on.
    install::run_if_changed(&reserved, &prefix.join("stamp"))?;
    let options = ["--target=thumbv7m-none-eabi", "-mcpu=cortex-m3", "-ffixed-r9"];
    let mut objects = Vec::new();
    // What is not emulated wants `__aeabi_read_tp`, which boot.S has.
    for file in ["kernel.c", "cases.c", "thumb/machine.c", "thumb/boot.S"] {
        objects.push(compile(file, &options, &prefix)?);
    }
    for file in THREAD_LOCALS {
        objects.push(compile(file, &[&options[..], &["-femulated-tls"]].concat(), &prefix)?);
    }
    let kernel = prefix.join("kernel.elf");
    let mut link = command::of(tools::LLD.command);
    link.arg("-L").arg(prefix.join("lib")).arg("-T").arg(workspace::root().join("tests/c/kernel/thumb/kernel.ld"));
    command::run(link.args(&objects).args(["-ltsd", "-o"]).arg(&kernel))?;
    Ok(kernel)
}
