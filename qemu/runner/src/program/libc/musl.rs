//! musl built from the distribution's source package, for an architecture that has no package of it which could serve.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::debian_name;
use crate::{
    apt::Apt,
    command,
    error::{Error, Result},
    machine::Arch,
    output::tell,
    private::Folder,
    program::compiler,
    setup, tools, workspace,
};

/// Builds the library for `arch` into the private folder's part for it, with `instruction` in place of the one by which
/// Linux is called: this kernel is called by another.
///
/// # Errors
/// The source can't be fetched, or does not compile.
pub(super) fn build(arch: Arch, instruction: (&str, &str), may_install: bool) -> Result<()> {
    if !may_install || !Apt::is_here() {
        let name = arch.name();
        return Err(Error::unavailable(format!(
            "missing: musl for {name}, which is built from Debian's source package"
        )));
    }
    let folder = Folder::foreign(debian_name(arch));
    tell!("tsd: building musl for {}", arch.name());
    let (compiler, _) = compiler::compilers(arch);
    setup::install_tools(&[compiler, &tools::MAKE], may_install)?;
    let archive = folder.fetch_source("musl")?;
    let [source, made] = ["build/source", "build/made"].map(|name| anew(&folder, name));
    let (source, made) = (source?, made?);
    let mut tar = command::of("tar");
    command::output(tar.arg("-xf").arg(&archive).arg("-C").arg(&source).arg("--strip-components=1"))?;
    let changed = replace(&source, arch.name(), instruction)?;
    if changed == 0 {
        return Err(Error::failure(format!("musl has no {:?} for {}", instruction.0, arch.name())));
    }

    let triple = format!("{}-linux-musl", arch.name());
    let mut configure = command::of("sh");
    configure.current_dir(&source).args(["./configure", "--disable-shared", "--prefix=/usr"]);
    configure.arg(format!("--target={}", arch.name()));
    configure.args([format!("--includedir=/usr/include/{triple}"), format!("--libdir=/usr/lib/{triple}")]);
    configure.arg(format!("CROSS_COMPILE={}", compiler.command.trim_end_matches("gcc")));
    configure.arg(format!("CFLAGS=-O2 {}", compiler::options(arch).compiler.join(" ")));
    command::output(&mut configure)?;
    let mut make = command::of("make");
    make.current_dir(&source).args(["-j2", "install"]).arg(format!("DESTDIR={}", made.display()));
    command::output(&mut make)?;
    // In one step: whoever looks for it finds all of it or nothing.
    let root = folder.root();
    workspace::remove_folder(&root).map_err(|error| Error::of_file("removed", &root, &error))?;
    fs::rename(&made, &root).map_err(|error| Error::of_file("made", &root, &error))
}

/// Makes a folder that is empty.
fn anew(folder: &Folder, name: &str) -> Result<PathBuf> {
    let path = folder.make(name)?;
    workspace::remove_folder(&path).map_err(|error| Error::of_file("removed", &path, &error))?;
    folder.make(name)
}

/// Replaces an instruction in the files of the architecture called `name`, below `source`. Returns in how many.
fn replace(source: &Path, name: &str, (from, to): (&str, &str)) -> Result<usize> {
    let mut changed = 0;
    let entries = fs::read_dir(source).map_err(|error| Error::of_file("read", source, &error))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            changed += replace(&path, name, (from, to))?;
        } else if source.ends_with(name)
            && let Ok(text) = fs::read_to_string(&path)
            && text.contains(from)
        {
            fs::write(&path, text.replace(from, to)).map_err(|error| Error::of_file("written", &path, &error))?;
            changed += 1;
        }
    }
    Ok(changed)
}
