//! Set-up: everything that a run needs and this machine lacks is got, or named.
//!
//! A machine that has everything is only looked at, which takes a fraction of a second.

use std::env;

use crate::{
    command,
    error::{Error, Result},
    machine::Machine,
    packages::{self, Need},
    toolchain::{self, Toolchain},
    workspace,
};

/// Forbids installing when it is set, as `--no-install` does: a test driver has no options of its own.
pub const NO_INSTALL_VARIABLE: &str = "TSD_NO_INSTALL";

/// Returns a compiler for the images, with QEMU for each of `machines` in place.
///
/// `may_install` false forbids rustup and the package manager to add anything.
///
/// # Errors
/// Status 2 with the command to type if something is missing that can't be got without asking; status 1 if
/// getting it failed.
pub fn prepare(machines: &[&Machine], may_install: bool) -> Result<Toolchain> {
    let may_install = may_install && env::var_os(NO_INSTALL_VARIABLE).is_none();
    // One process installs; the others then find it done.
    let _lock = workspace::lock("setup")?;
    let found = find_toolchain(may_install)?;

    let mut needs = missing_qemu(machines);
    if found.is_none() {
        needs.push(Need::Compiler);
    }
    if found.as_ref().is_none_or(Toolchain::lacks_linker) && command::find("ld.lld").is_none() {
        needs.push(Need::Linker);
    }
    match found {
        Some(toolchain) if needs.is_empty() => Ok(toolchain),
        found => {
            packages::install(&needs, may_install).map_err(|error| with_rustup(error, &needs))?;
            found.or_else(Toolchain::of_distribution).ok_or_else(no_compiler)
        }
    }
}

/// A compiler that can build the images, rustup's or the distribution's.
fn find_toolchain(may_install: bool) -> Result<Option<Toolchain>> {
    if let Some(current) = Toolchain::current()
        && (current.has_targets() || may_install && toolchain::add_targets(&current)?)
    {
        return Ok(Some(current));
    }
    Ok(Toolchain::of_distribution())
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

fn no_compiler() -> Error {
    Error::usage(format!("no compiler here can build for {}", toolchain::TARGETS.join(" and ")))
}

/// Names rustup's way as well, where a compiler is missing and rustup is there.
fn with_rustup(error: Error, needs: &[Need]) -> Error {
    let rustup = Toolchain::current().as_ref().and_then(toolchain::rustup_target_add);
    match rustup.filter(|_| needs.contains(&Need::Compiler)) {
        Some(command) => error.with_details([format!("or, for the compiler: {}", command::as_typed(&command))]),
        None => error,
    }
}
