//! The C library of programs: musl, as Debian's package for the image's architecture has it.
//!
//! The host's own architecture has an ordinary package. Another one's is unpacked into the private folder, so that the
//! system does not become one of two architectures. Where a program can't call the kernel as it would call Linux, the
//! library is built from its source package.

use std::{
    env::consts,
    path::{Path, PathBuf},
};

use crate::{
    apt::Apt,
    error::{Error, Result},
    machine::Arch,
    packages::Need,
    private::{Basis, Folder},
    setup, tools, workspace,
};

mod musl;

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

/// Returns the library for `arch`, installed or unpacked if need be.
///
/// # Errors
/// It is not there and can't be got.
pub fn find(arch: Arch, may_install: bool) -> Result<Libc> {
    let folders = [Folder::shared(), Folder::foreign(debian_name(arch))];
    let usual = [PathBuf::from("/"), folders[0].root()].into_iter().filter(|_| system_call(arch).is_none());
    let roots = usual.chain([folders[1].root()]);
    let roots: Vec<_> = roots.map(|root| root.join("usr")).collect();
    let look = || roots.iter().find_map(|usr| Libc::below(usr, arch));
    if let Some(libc) = look() {
        return Ok(libc);
    }
    let _lock = workspace::lock("musl")?;
    if look().is_none() {
        get(arch, may_install && !setup::is_forbidden())?;
    }
    look().ok_or_else(|| Error::unavailable(format!("no musl for {} is to be found after installing it", arch.name())))
}

fn get(arch: Arch, may_install: bool) -> Result<()> {
    if let Some(instruction) = system_call(arch) {
        return musl::build(arch, instruction, may_install);
    }
    if arch.name() == consts::ARCH {
        return setup::install_tools(&[&tools::MUSL_GCC], may_install);
    }
    let name = debian_name(arch);
    if !may_install || !Apt::is_here() {
        return Err(Error::unavailable(format!(
            "missing: musl for {}; type: dpkg --add-architecture {name} && apt-get update && \
             apt-get install musl-dev:{name}",
            arch.name()
        )));
    }
    Folder::foreign(name).install(&[Need::Package("musl-dev")], Basis::Foreign(name))
}

/// Returns by which instruction a program calls Linux, and by which one this kernel, where that is another.
fn system_call(arch: Arch) -> Option<(&'static str, &'static str)> {
    match arch {
        Arch::X86_64 | Arch::Aarch64 => None,
        // A breakpoint of 32 bits: the kernel's `machine/riscv64/program.rs` tells why.
        Arch::Riscv64 => Some(("ecall", ".4byte 0x00100073")),
    }
}

fn debian_name(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "amd64",
        Arch::Aarch64 => "arm64",
        Arch::Riscv64 => "riscv64",
    }
}
