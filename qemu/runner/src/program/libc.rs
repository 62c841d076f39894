//! The C library of programs: musl, as Debian's package for the image's architecture has it.
//!
//! The host's own architecture has an ordinary package. Another one's is fetched without installing it, so that the
//! system does not become one of two architectures: apt looks into lists of its own for this and dpkg unpacks the file.

use std::{
    env::consts,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    command,
    error::{Error, Result},
    machine::Arch,
    programs, setup, workspace,
};

/// Where an architecture's library lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Libc {
    /// The headers.
    pub include: PathBuf,
    /// The archives and the start-up code.
    pub lib: PathBuf,
}

impl Libc {
    fn below(usr: &Path, arch: Arch) -> Option<Self> {
        let triple = format!("{}-linux-musl", arch.name());
        let libc = Self { include: usr.join("include").join(&triple), lib: usr.join("lib").join(&triple) };
        (libc.include.join("stdio.h").is_file() && libc.lib.join("libc.a").is_file()).then_some(libc)
    }
}

/// Returns the library for `arch`, fetched or installed if need be.
///
/// # Errors
/// It is not there and can't be got.
pub fn find(arch: Arch, may_install: bool) -> Result<Libc> {
    let fetched = workspace::images_dir()?.join(format!("musl-{}", arch.name()));
    let look = || Libc::below(Path::new("/usr"), arch).or_else(|| Libc::below(&fetched.join("usr"), arch));
    if let Some(libc) = look() {
        return Ok(libc);
    }
    let _lock = workspace::lock("musl")?;
    if look().is_none() {
        get(arch, &fetched, may_install && !setup::is_forbidden())?;
    }
    look().ok_or_else(|| Error::usage(format!("no musl for {} is to be found after installing it", arch.name())))
}

fn get(arch: Arch, into: &Path, may_install: bool) -> Result<()> {
    if arch.name() == consts::ARCH {
        return setup::install_programs(&[&programs::MUSL_GCC], may_install);
    }
    let name = debian_name(arch);
    if !may_install || command::find("apt-get").is_none() || command::find("dpkg-deb").is_none() {
        return Err(Error::usage(format!(
            "missing: musl for {}; type: dpkg --add-architecture {name} && apt-get update && \
             apt-get install musl-dev:{name}",
            arch.name()
        )));
    }
    fetch(name, into).map_err(|error| Error::failure(format!("musl for {} can't be fetched: {error}", arch.name())))
}

fn debian_name(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "amd64",
        Arch::Aarch64 => "arm64",
    }
}

/// Downloads the package for another architecture and unpacks it.
fn fetch(name: &str, into: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::failure(format!("{}: {error}", into.display()));
    let apt = into.join("apt");
    for folder in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(folder)).map_err(failed)?;
    }
    let options = [
        format!("Dir::State::Lists={}", apt.join("lists").display()),
        format!("Dir::Cache={}", apt.join("cache").display()),
        "Dir::State::Status=/dev/null".into(),
        format!("APT::Architecture={name}"),
        format!("APT::Architectures={name}"),
        "APT::Sandbox::User=".into(),
        "Acquire::Languages=none".into(),
        // Lists for desktops, which are larger than all the rest.
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
    ];
    let apt_get = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command.current_dir(&apt).args(options.iter().flat_map(|option| ["-o", option])).args(words);
        command::run(&mut command)
    };
    // A source that has nothing for the architecture is no reason to stop: the download tells.
    let updated = apt_get(&["update"]);
    apt_get(&["download", "musl-dev"]).map_err(|error| updated.err().unwrap_or(error))?;
    let package = fs::read_dir(&apt).map_err(failed)?.flatten().map(|entry| entry.path());
    let package = package.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "deb"));
    let package = package.ok_or_else(|| Error::failure("apt-get downloaded no package"))?;
    command::run(Command::new("dpkg-deb").arg("-x").arg(package).arg(into))?;
    fs::remove_dir_all(&apt).map_err(failed)
}
