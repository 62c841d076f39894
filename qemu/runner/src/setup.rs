//! Set-up: everything that a run needs and this machine lacks is got, or named.
//!
//! A machine that has everything is only looked at, which takes a fraction of a second.

use std::env;

use crate::{
    command,
    error::{Error, Result},
    image,
    machine::Machine,
    packages::{self, Need},
    programs::Program,
    toolchain::{self, Toolchain},
    workspace,
};

/// Forbids installing when it is set, as `--no-install` does: a test driver has no options of its own.
pub const NO_INSTALL_VARIABLE: &str = "TSD_NO_INSTALL";

/// What a run needs.
#[derive(Clone, Copy, Debug)]
pub struct Wants<'a> {
    /// QEMU for each of these.
    pub machines: &'a [&'a Machine],
    /// A compiler for each of these targets.
    pub targets: &'a [&'a str],
    /// That compiler's lints.
    pub clippy: bool,
    /// These programs.
    pub programs: &'a [&'static Program],
}

impl<'a> Wants<'a> {
    /// What building and booting on `machines` takes.
    pub fn to_boot(machines: &'a [&'a Machine]) -> Self {
        Self { machines, targets: &image::TARGETS, clippy: false, programs: &[] }
    }
}

/// Gets what `wants` names and returns the compiler.
///
/// `may_install` false forbids rustup and the package manager to add anything.
///
/// # Errors
/// Status 2 with the command to type if something is missing that can't be got without asking; status 1 if
/// getting it failed.
pub fn prepare(wants: Wants<'_>, may_install: bool) -> Result<Toolchain> {
    let may_install = may_install && !is_forbidden();
    // One process installs; the others then find it done.
    let _lock = workspace::lock("setup")?;
    let found = find_toolchain(wants.targets, may_install)?;
    let needs = needs(wants, found.as_ref());
    match found {
        Some(toolchain) if needs.is_empty() => Ok(toolchain),
        found => {
            packages::install(&needs, may_install).map_err(|error| with_rustup(error, &needs, wants.targets))?;
            found.or_else(Toolchain::of_distribution).ok_or_else(|| no_compiler(wants.targets))
        }
    }
}

/// Gets `programs` only.
///
/// # Errors
/// As [`prepare`].
pub fn install_programs(programs: &[&'static Program], may_install: bool) -> Result<()> {
    let may_install = may_install && !is_forbidden();
    let _lock = workspace::lock("setup")?;
    let needs = missing(programs);
    if needs.is_empty() { Ok(()) } else { packages::install(&needs, may_install) }
}

/// Returns a toolchain that can build the standard library from its source.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_library_source(may_install: bool) -> Result<Toolchain> {
    let found = || Toolchain::current().filter(Toolchain::has_library_source).or_else(Toolchain::of_distribution);
    if let Some(toolchain) = found() {
        return Ok(toolchain);
    }
    packages::install(&[Need::Compiler], may_install && !is_forbidden())?;
    found().ok_or_else(|| no_compiler(&["the host with its own standard library"]))
}

/// Returns whether [`NO_INSTALL_VARIABLE`] is set.
pub fn is_forbidden() -> bool {
    env::var_os(NO_INSTALL_VARIABLE).is_some()
}

/// A compiler for `targets`, rustup's or the distribution's.
fn find_toolchain(targets: &[&str], may_install: bool) -> Result<Option<Toolchain>> {
    if let Some(current) = Toolchain::current()
        && (current.has_targets(targets) || may_install && toolchain::add_targets(&current, targets)?)
    {
        return Ok(Some(current));
    }
    Ok(Toolchain::of_distribution())
}

fn needs(wants: Wants<'_>, toolchain: Option<&Toolchain>) -> Vec<Need> {
    let mut needs = missing_qemu(wants.machines);
    if toolchain.is_none() {
        needs.push(Need::Compiler);
    }
    if wants.clippy && !toolchain.is_some_and(Toolchain::has_clippy) {
        needs.push(Need::Clippy);
    }
    if toolchain.is_none_or(Toolchain::lacks_linker) && command::find("ld.lld").is_none() {
        needs.push(Need::Linker);
    }
    needs.extend(missing(wants.programs));
    needs
}

fn missing(programs: &[&'static Program]) -> Vec<Need> {
    programs.iter().filter(|program| program.find().is_none()).map(|program| Need::Program(program)).collect()
}

fn missing_qemu(machines: &[&Machine]) -> Vec<Need> {
    let mut needs = Vec::new();
    for machine in machines {
        let need = machine.arch.qemu_need();
        if !needs.contains(&need) && command::find(machine.arch.qemu_program()).is_none() {
            needs.push(need);
        }
    }
    needs
}

fn no_compiler(targets: &[&str]) -> Error {
    Error::usage(format!("no compiler here can build for {}", targets.join(", ")))
}

/// Names rustup's way as well, where a compiler is missing and rustup is there.
fn with_rustup(error: Error, needs: &[Need], targets: &[&str]) -> Error {
    let rustup = Toolchain::current().and_then(|current| toolchain::rustup_target_add(&current, targets));
    match rustup.filter(|_| needs.contains(&Need::Compiler)) {
        Some(command) => error.with_details([format!("or, for the compiler: {}", command::as_typed(&command))]),
        None => error,
    }
}
