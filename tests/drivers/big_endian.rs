//! CPUs whose words begin with their highest byte: the library and the C archive's crate compile for them, with 32 bits
//! and with 64, as `big_endian::s390x`; and the shared suite runs on one that QEMU emulates, each case under its own name,
//! such as `big_endian::suite::keys::zero_key`.
//!
//! The targets are those of Linux that come with a library, since none without a system does. Where rustup can't or may not
//! fetch them, that is nothing to fail at: the cases are ignored.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_host::case;
use tsd_runner::{
    command,
    error::Result,
    setup,
    toolchain::Toolchain,
    tools::{LLD, QEMU_PPC64},
};

/// In test names, and the compiler's: 64 bits, 32 bits, and the one that has a C library to be linked with as well.
const TARGETS: [(&str, &str); 3] =
    [("s390x", "s390x-unknown-linux-gnu"), ("powerpc", "powerpc-unknown-linux-gnu"), ("powerpc64", EMULATED)];
const EMULATED: &str = "powerpc64-unknown-linux-musl";

fn main() {
    let arguments = Arguments::from_args();
    let trials = trials(None, false);
    let is_selected = |trial: &&Trial| !arguments.is_filtered_out(trial);
    if arguments.list || !trials.iter().any(|trial| is_selected(&trial)) {
        libtest_mimic::run(&arguments, trials).exit();
    }
    let runs = trials.iter().filter(is_selected).any(|trial| trial.name().starts_with(SUITE));
    let toolchain = prepare(runs).unwrap_or_else(|error| error.end_process());
    if toolchain.is_none() {
        eprintln!("tsd: rustup has no library for big-endian targets and adds none, so their cases are ignored");
    }
    let is_ignored = toolchain.is_none();
    libtest_mimic::run(&arguments, self::trials(toolchain, is_ignored)).exit();
}

const SUITE: &str = "big_endian::suite::";

fn trials(toolchain: Option<Toolchain>, is_ignored: bool) -> Vec<Trial> {
    let compiled = TARGETS.map(|(name, target)| {
        let toolchain = toolchain.clone();
        let run = move || toolchain.map_or(Ok(()), |toolchain| compile(&toolchain, target));
        Trial::test(format!("big_endian::{name}"), run)
    });
    let cases = case::all().map(|(case, _)| Trial::test(format!("{SUITE}{}", case.name), || run(case.name)));
    compiled.into_iter().chain(cases).map(|trial| trial.with_ignored_flag(is_ignored)).collect()
}

/// Gets what it takes, and makes the program if cases are to run; no toolchain where there is none.
fn prepare(runs: bool) -> Result<Option<Toolchain>> {
    let Some(toolchain) = setup::prepare_ready_made(&TARGETS.map(|(_, target)| target))? else { return Ok(None) };
    if runs {
        let linker = toolchain.lacks_linker().then_some(&LLD);
        setup::install_tools(&[Some(&QEMU_PPC64), linker].into_iter().flatten().collect::<Vec<_>>(), true)?;
        build(&toolchain)?;
    }
    Ok(Some(toolchain))
}

fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("big-endian")
}

fn compile(toolchain: &Toolchain, target: &str) -> std::result::Result<(), Failed> {
    for arguments in [["tsd", "--features=alloc,pool"], ["tsd-c", "--all-features"]] {
        let mut cargo = toolchain.cargo("check", target);
        cargo.args(["--quiet", "--profile", "archive", "--target-dir"]).arg(target_dir());
        command::run_quietly(cargo.arg("--package").args(arguments))?;
    }
    Ok(())
}

/// Links the suite with the C library that comes with the target, and with no C compiler.
fn build(toolchain: &Toolchain) -> Result<()> {
    let linker = if toolchain.lacks_linker() { LLD.command } else { "rust-lld" };
    let flags = ["-Clinker-flavor=ld.lld", "-Clink-self-contained=yes", "-Ctarget-feature=+crt-static"];
    let mut cargo = toolchain.cargo("build", EMULATED);
    cargo.args(["--quiet", "--package", "tsd-host", "--bin", "tsd-host", "--target-dir"]).arg(target_dir());
    cargo.arg(format!("--config=target.{EMULATED}.linker={linker:?}"));
    command::run(cargo.arg(format!("--config=target.{EMULATED}.rustflags={flags:?}")))
}

/// Runs one case.
fn run(name: &str) -> std::result::Result<(), Failed> {
    let mut qemu = command::of(QEMU_PPC64.command);
    let text = command::output(qemu.arg(target_dir().join(EMULATED).join("debug/tsd-host")).arg(name))?;
    if text == format!("test {name} ... ok\n") { Ok(()) } else { Err(text.into()) }
}
