//! QEMU's microbit, a Cortex-M0 with 16 KiB of memory: the program in `tests/microbit`, on a CPU without
//! compare-and-swap.

use std::path::{Path, PathBuf};

use crate::{
    command,
    error::Result,
    qemu::{self, Limits, Outcome},
    setup::{self, Wants},
    toolchain::Toolchain,
    tools, workspace,
};

/// The compiler's target.
pub const TARGET: &str = "thumbv6m-none-eabi";
/// The status with which the program has QEMU end when all is well.
const SUCCESS: i32 = 0;

/// Gets what the program takes.
///
/// # Errors
/// As [`setup::prepare`], or QEMU is too old.
pub fn prepare(may_install: bool) -> Result<Toolchain> {
    let wants = Wants { machines: &[], targets: &[TARGET], clippy: false, tools: &[&tools::QEMU_ARM] };
    let toolchain = setup::prepare(wants, may_install)?;
    qemu::check_tool(&tools::QEMU_ARM)?;
    Ok(toolchain)
}

/// Builds the program and returns the file.
///
/// # Errors
/// It does not compile.
pub fn build(toolchain: &Toolchain) -> Result<PathBuf> {
    let target_dir = workspace::images_dir()?.join("microbit");
    command::step(format_args!("building the microbit's program"));
    let mut cargo = toolchain.cargo("build", TARGET);
    cargo.args(["--release", "--package", "tsd-microbit", "--target-dir"]).arg(&target_dir);
    Toolchain::hush(&mut cargo);
    command::run(&mut cargo)?;
    Ok(target_dir.join(TARGET).join("release/tsd-microbit"))
}

/// Boots it.
///
/// # Errors
/// QEMU can't be started. How the boot went is in the outcome.
pub fn boot(kernel: &Path, limits: Limits, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
    let mut qemu = command::of(tools::QEMU_ARM.command);
    qemu.args(["-M", "microbit", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "none"]);
    qemu.args(["-semihosting-config", "enable=on,target=native"]);
    // An instruction takes a cycle of the timer then, so that the timer can come before each.
    qemu.args(["-icount", "shift=6,sleep=off", "-kernel"]).arg(kernel);
    qemu::run_for(&mut qemu, SUCCESS, limits, sink)
}
