//! The kernel in plain C on 32-bit Arm: clang's, with a register of the platform's and no thread pointer. On a CPU with
//! compare-and-swap, and on QEMU's microbit, a Cortex-M0 with 16 KiB of memory, which has none.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Failed;
use tsd_runner::{
    command,
    error::Result,
    install::{self, Numbers},
    qemu::{self, Limits, Outcome},
    tools, workspace,
};

use crate::build::{THREAD_LOCALS, compile, options};
use crate::critical::{self, NUMBERS};
use crate::{CASES, LIMITS, judge};

/// A CPU on a board of QEMU's.
#[derive(Clone, Copy)]
struct Board {
    target: &'static str,
    name: &'static str,
    /// For what is built.
    folder: &'static str,
    clang: &'static [&'static str],
    /// What the file with the hooks is compiled with.
    hooks: &'static [&'static str],
    numbers: Numbers,
    limits: Limits,
    /// Files for this CPU alone.
    files: &'static [&'static str],
}

pub(crate) fn boot_v7m() -> std::result::Result<(), Failed> {
    let board = Board {
        target: "thumbv7m",
        name: "mps2-an385",
        folder: "thumbv7m",
        clang: &["--target=thumbv7m-none-eabi", "-mcpu=cortex-m3", "-ffixed-r9"],
        hooks: &[],
        numbers: Numbers::default(),
        limits: LIMITS,
        files: &[],
    };
    judge(&run(&board, &[])?, CASES)
}

const MICROBIT: Board = Board {
    target: "thumbv6m",
    name: "microbit",
    folder: "thumbv6m",
    clang: &["--target=thumbv6m-none-eabi", "-mcpu=cortex-m0", "-ffixed-r9", "-DSMALL_MACHINE"],
    hooks: &[],
    numbers: NUMBERS,
    limits: LIMITS,
    files: &["critical.c", "thumb/critical.c"],
};

pub(crate) fn boot_v6m() -> std::result::Result<(), Failed> {
    critical::judge(&run(&MICROBIT, &critical::STEPPED_TIME)?, 0)
}

/// The same with hooks that leave interrupts as they are: a handler comes between, and values are lost or found twice, or
/// a call never ends.
pub(crate) fn boot_without_masking() -> std::result::Result<(), Failed> {
    let limits = Limits { total: Duration::from_secs(60), silence: Duration::from_secs(15) };
    let hooks = &["-Dinterrupts_mask=interrupts_are_masked"];
    let board = Board { folder: "without-masking", hooks, limits, ..MICROBIT };
    let outcome = run(&board, &critical::STEPPED_TIME)?;
    let said = outcome.lines.join("\n");
    assert!(!outcome.is_success() && !said.contains("interrupts_at_random ... ok"), "{said}");
    assert!(said.contains("interrupts_at_random"), "{said}");
    Ok(())
}

fn run(board: &Board, options: &[&str]) -> std::result::Result<Outcome, Failed> {
    let kernel = build(board).map_err(|error| error.to_string())?;
    let mut qemu = command::of(tools::QEMU_ARM.command);
    qemu.args(["-M", board.name, "-nodefaults", "-nic", "none", "-serial", "none"]).args(options);
    with_console(&mut qemu).arg("-kernel").arg(kernel);
    Ok(qemu::run_for(&mut qemu, 0, board.limits, &mut |_| ()).map_err(|error| error.to_string())?)
}

/// Semihosting on the standard output.
pub(crate) fn with_console(qemu: &mut Command) -> &mut Command {
    qemu.args(["-no-reboot", "-display", "none", "-chardev", "stdio,id=console"]);
    qemu.args(["-semihosting-config", "chardev=console,enable=on,target=native"])
}

fn build(board: &Board) -> Result<PathBuf> {
    let prefix = workspace::images_dir()?.join("c-kernel").join(board.folder);
    let usual = options(board.target, &prefix);
    // The compiler says each time that the option is not one to rely on.
    let rustflags = vec!["-Ctarget-feature=+reserve-r9".into()];
    let options = install::Options { rustflags, numbers: board.numbers, ..usual };
    install::run_if_changed(&options, &prefix.join("stamp"))?;
    let mut objects = Vec::new();
    // What is not emulated wants `__aeabi_read_tp`, which boot.S has.
    objects.push(compile("kernel.c", &[board.clang, board.hooks].concat(), &prefix)?);
    for file in ["cases.c", "thumb/machine.c", "thumb/boot.S"].iter().chain(board.files) {
        objects.push(compile(file, board.clang, &prefix)?);
    }
    for file in THREAD_LOCALS {
        objects.push(compile(file, &[board.clang, &["-femulated-tls"]].concat(), &prefix)?);
    }
    let kernel = prefix.join("kernel.elf");
    let mut link = command::of(tools::LLD.command);
    link.arg("-L").arg(prefix.join("lib")).arg("-T").arg(workspace::root().join("tests/c/kernel/thumb/kernel.ld"));
    command::run(link.args(&objects).args(["-ltsd", "-o"]).arg(&kernel))?;
    Ok(kernel)
}
