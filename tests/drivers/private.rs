//! QEMU from the private folder boots an image on each architecture, whether or not the system has a QEMU of its own:
//! each under its own name, such as `private::aarch64`.
//!
//! Where packages may not be fetched, and where they are not Debian's, that is nothing to fail at: the cases are
//! ignored.

use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    error::Result,
    image,
    machine::{self, Arch, Machine},
    private::Folder,
    protocol::{self, Line},
    qemu,
    setup::{self, Wants},
    suite::LIMITS,
    toolchain::Toolchain,
};

const MACHINES: [&Machine; 3] = [&machine::X86_64, &machine::AARCH64_MAX, &machine::RISCV64];

fn main() {
    let arguments = Arguments::from_args();
    let name = |arch: Arch| format!("private::{}", arch.name());
    let is_selected = |arch| !arguments.is_filtered_out(&Trial::test(name(arch), || Ok(())));
    let mut prepared = None;
    if !arguments.list && Arch::ALL.into_iter().any(is_selected) {
        prepared = prepare().unwrap_or_else(|error| error.end_process());
    }
    let is_ignored = prepared.is_none() && !arguments.list;
    let trial = |machine: &'static Machine| {
        let prepared = prepared.clone();
        let boot = move || prepared.map_or(Ok(()), |(folder, toolchain)| boot(machine, &folder, &toolchain));
        Trial::test(name(machine.arch), boot).with_ignored_flag(is_ignored)
    };
    libtest_mimic::run(&arguments, MACHINES.map(trial).into()).exit();
}

fn prepare() -> Result<Option<(Folder, Toolchain)>> {
    let Some(folder) = setup::prepare_private(&MACHINES)? else { return Ok(None) };
    let toolchain = setup::prepare(Wants::to_boot(&[]), true)?;
    Ok(Some((folder, toolchain)))
}

/// Runs what the kernel checks of itself.
fn boot(machine: &Machine, folder: &Folder, toolchain: &Toolchain) -> std::result::Result<(), Failed> {
    let kernel = machine.image.build(toolchain, image::DEFAULT_KEYS)?;
    let qemu = folder.find(machine.arch.qemu().command).ok_or("it is not in the folder")?;
    let mut command = Command::new(qemu);
    command.args(machine.command(&kernel, "selftest", 4).get_args());
    let outcome = qemu::run(machine, &mut command, LIMITS, &mut |_| ())?;
    outcome.verdict()?;
    let passed = outcome.lines.iter().filter(|line| matches!(protocol::read(line), Line::Case(_, "ok"))).count();
    if passed == 0 { Err("the kernel has checked nothing".into()) } else { Ok(()) }
}
