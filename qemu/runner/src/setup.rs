//! Set-up: everything that a run needs and this machine lacks is got, or named.
//!
//! A machine that has everything is only looked at, which takes a fraction of a second.

use std::{env, path::PathBuf};

use crate::{
    apt::Apt,
    command,
    error::{Error, Result},
    image,
    machine::Machine,
    output::tell,
    packages::{self, Need},
    private::{Basis, Folder},
    toolchain::{self, Toolchain},
    tools::{self, Tool},
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
    /// These tools.
    pub tools: &'a [&'static Tool],
}

impl<'a> Wants<'a> {
    /// What building and booting on `machines` takes.
    pub fn to_boot(machines: &'a [&'a Machine]) -> Self {
        Self { machines, targets: &image::TARGETS, clippy: false, tools: &[] }
    }
}

/// Gets what `wants` names and returns the compiler.
///
/// `may_install` false forbids rustup and the package manager to add anything.
///
/// # Errors
/// Something is missing that can't be got without asking: the error has the command to type. Or getting it failed.
pub fn prepare(wants: Wants<'_>, may_install: bool) -> Result<Toolchain> {
    let may_install = may_install && !is_forbidden();
    // One process installs; the others then find it done.
    let _lock = workspace::lock("setup")?;
    let found = find_toolchain(wants.targets, may_install)?;
    let needs = needs(wants, found.as_ref());
    match found {
        Some(toolchain) if needs.is_empty() => Ok(toolchain),
        found => {
            get(&needs, may_install).map_err(|error| with_rustup(error, &needs, wants.targets))?;
            found.or_else(Toolchain::of_distribution).ok_or_else(|| no_compiler(wants.targets))
        }
    }
}

/// Gets `tools` only.
///
/// # Errors
/// As [`prepare`].
pub fn install_tools(tools: &[&'static Tool], may_install: bool) -> Result<()> {
    let may_install = may_install && !is_forbidden();
    let _lock = workspace::lock("setup")?;
    let needs = missing(tools);
    if needs.is_empty() { Ok(()) } else { get(&needs, may_install) }
}

/// Gets packages by the names that Debian and its relatives know them under.
///
/// # Errors
/// As [`prepare`].
pub fn install_packages(names: &[&str], may_install: bool) -> Result<()> {
    let _lock = workspace::lock("setup")?;
    get(&names.iter().map(|name| Need::Package(name)).collect::<Vec<_>>(), may_install && !is_forbidden())
}

/// Returns the folder of this path from the root, installed or unpacked, that has `file`; gets `package` if there is none.
///
/// # Errors
/// As [`prepare`], or the package does not bring it.
pub fn prepare_folder(package: &str, folder: &str, file: &str, may_install: bool) -> Result<PathBuf> {
    let roots = [PathBuf::from("/"), Folder::shared().root()];
    let find = || roots.iter().map(|root| root.join(folder)).find(|folder| folder.join(file).is_file());
    if let Some(folder) = find() {
        return Ok(folder);
    }
    // One process gets what the others then find.
    let _lock = workspace::lock(package)?;
    if find().is_none() {
        install_packages(&[package], may_install)?;
    }
    find().ok_or_else(|| Error::unavailable(format!("{package} brings no /{folder}/{file}")))
}

/// Gets QEMU for `machines` into the private folder, whether or not the system has one, and returns the folder.
///
/// It is `None` where nothing may be installed and nothing is in the folder, and on systems without apt.
///
/// # Errors
/// As [`Folder::install`].
pub fn prepare_private(machines: &[&Machine]) -> Result<Option<Folder>> {
    let folder = Folder::shared();
    let qemus = machines.iter().map(|machine| machine.arch.qemu());
    let needs: Vec<_> = qemus.filter(|qemu| folder.find(qemu.command).is_none()).map(Need::Tool).collect();
    if !needs.is_empty() {
        if is_forbidden() || !Apt::is_here() {
            return Ok(None);
        }
        // On the C library alone, since what the system has would be left out.
        folder.install(&needs, Basis::CLibrary)?;
    }
    Ok(Some(folder))
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
    get(&[Need::Compiler], may_install && !is_forbidden())?;
    found().ok_or_else(|| no_compiler(&["the host with its own standard library"]))
}

/// Returns the toolchain that runs this program, with the standard libraries of `targets` ready-made, which rustup has or
/// fetches.
///
/// It is `None` where they can't or may not be got so.
///
/// # Errors
/// Another set-up's lock can't be taken, or no note can be made of a refusal.
pub fn prepare_ready_made(targets: &[&str]) -> Result<Option<Toolchain>> {
    let _lock = workspace::lock("setup")?;
    find_ready_made(targets, !is_forbidden())
}

/// Returns the oldest compiler that this workspace is written for, which rustup has or fetches.
///
/// It is `None` where there is no rustup, and where it can't or may not fetch one.
///
/// # Errors
/// Another set-up's lock can't be taken.
pub fn prepare_oldest() -> Result<Option<Toolchain>> {
    let _lock = workspace::lock("setup")?;
    Ok(toolchain::oldest(!is_forbidden()))
}

/// Returns whether [`NO_INSTALL_VARIABLE`] is set.
pub fn is_forbidden() -> bool {
    env::var_os(NO_INSTALL_VARIABLE).is_some()
}

/// A compiler for `targets`, rustup's or the distribution's.
fn find_toolchain(targets: &[&str], may_install: bool) -> Result<Option<Toolchain>> {
    Ok(find_ready_made(targets, may_install)?.or_else(Toolchain::of_distribution))
}

/// The toolchain that runs this program, if it has or gets the libraries of `targets`.
fn find_ready_made(targets: &[&str], may_install: bool) -> Result<Option<Toolchain>> {
    let Some(current) = Toolchain::current() else { return Ok(None) };
    let has_them = current.has_targets(targets) || may_install && toolchain::add_targets(&current, targets)?;
    Ok(has_them.then_some(current))
}

fn needs(wants: Wants<'_>, toolchain: Option<&Toolchain>) -> Vec<Need<'static>> {
    let mut tools: Vec<_> = wants.machines.iter().map(|machine| machine.arch.qemu()).collect();
    if toolchain.is_none_or(Toolchain::lacks_linker) {
        tools.push(&tools::LLD);
    }
    tools.extend(wants.tools);
    let mut needs = missing(&tools);
    if toolchain.is_none() {
        needs.push(Need::Compiler);
    }
    if wants.clippy && !toolchain.is_some_and(Toolchain::has_clippy) {
        needs.push(Need::Clippy);
    }
    needs
}

/// The tools that are not there, each once.
fn missing(tools: &[&'static Tool]) -> Vec<Need<'static>> {
    let mut needs = Vec::new();
    for need in tools.iter().filter(|tool| tool.find().is_none()).map(|tool| Need::Tool(tool)) {
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    needs
}

/// Gets packages without a question: into the system, if none of its packages has to go, else into the private folder.
fn get(needs: &[Need], may_install: bool) -> Result<()> {
    let typed = packages::to_be_typed(needs);
    if !may_install || !Apt::is_here() {
        return Err(typed);
    }
    let mut failures: Vec<Error> = Vec::new();
    if workspace::chosen_private_dir().is_none()
        && let Some(apt) = Apt::of_system()
    {
        match install(needs, &apt) {
            Ok(()) => return Ok(()),
            Err(error) => failures.push(error),
        }
    }
    if let Some(reason) = failures.iter().flat_map(Error::lines).last() {
        tell!("tsd: nothing is installed on the system: {reason}");
    }
    let Err(error) = Folder::shared().install(needs, Basis::System) else { return Ok(()) };
    failures.insert(0, Error::failure(typed.to_string()));
    failures.push(error);
    Err(Error::of_all(&failures))
}

/// Installs packages into the system.
fn install(needs: &[Need], apt: &Apt) -> Result<()> {
    let possible = || {
        let names = packages::of(needs, apt)?;
        apt.can_install(&names).map(|()| names)
    };
    let install = |names: Vec<&str>| {
        tell!("tsd: installing {} with apt-get", names.join(" "));
        apt.install(&names)
    };
    if possible().and_then(install).is_ok() {
        return Ok(());
    }
    // There were no lists, or they name versions that the servers no longer have. One source may do without the others.
    let updated = apt.update();
    possible().and_then(install).map_err(|error| Error::of_all(&[updated.err().unwrap_or(error.clone()), error]))
}

fn no_compiler(targets: &[&str]) -> Error {
    Error::unavailable(format!("no compiler here can build for {}", targets.join(", ")))
}

/// Names rustup's way as well, where a compiler is missing and rustup is there.
fn with_rustup(error: Error, needs: &[Need], targets: &[&str]) -> Error {
    let rustup = Toolchain::current().and_then(|current| toolchain::rustup_target_add(&current, targets));
    match rustup.filter(|_| needs.contains(&Need::Compiler)) {
        Some(command) => error.with_details([format!("or, for the compiler: {}", command::as_typed(&command))]),
        None => error,
    }
}
