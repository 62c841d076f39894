//! The private folder: packages that are unpacked below cargo's target directory instead of installed.
//!
//! It takes no rights and touches nothing of the system, and it is gone with cargo's target directory. Packages that
//! the system has are used from there; the C library and its loader always are, since they belong together with the
//! kernel of the system and with each other. Each program has a launcher, a script in `bin` that shows the folder's
//! libraries to that one program: a launcher is written last, so what is in `bin` is whole.

use std::{
    env::{self, consts},
    ffi::OsStr,
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Component, Path, PathBuf},
    process::Command,
};

use crate::{
    apt::Apt,
    command,
    error::{Error, Result},
    packages::{self, Need},
    workspace,
};

/// What dpkg knows of the system.
const SYSTEM_STATUS: &str = "/var/lib/dpkg/status";

/// Names the folder when it is set, and forbids the system's package manager to add anything to the system.
pub const VARIABLE: &str = "TSD_PRIVATE";

/// Returns the folder that [`VARIABLE`] names.
pub(crate) fn chosen() -> Option<PathBuf> {
    env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Which packages count as there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Those of the system.
    System,
    /// The C library alone: also where the system's packages are at odds with each other or with what is wanted.
    LibraryC,
}

/// The private folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Returns the folder of this target directory, whether there is one yet or not.
    pub fn shared() -> Self {
        Self { path: chosen().unwrap_or_else(workspace::private_dir) }
    }

    /// Returns where the launchers are.
    pub fn bin(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// Returns the launcher of `program`.
    pub fn find(&self, program: impl AsRef<Path>) -> Option<PathBuf> {
        Some(self.bin().join(program)).filter(|launcher| launcher.is_file())
    }

    fn root(&self) -> PathBuf {
        self.path.join("root")
    }

    /// Unpacks what brings `needs`, as it is on top of `basis`, or of less where that can't be.
    ///
    /// # Errors
    /// There is no such package, or it can't be fetched, or what it brings does not start.
    pub fn install(&self, needs: &[Need], basis: Basis) -> Result<()> {
        let archives = self.fetch(needs, basis)?;
        for archive in archives {
            self.unpack(&archive)?;
        }
        relocate(&self.root())?;
        self.write_launchers()?;
        needs.iter().try_for_each(|need| self.check(*need))
    }

    /// Returns the packages' files: those that were fetched now, and those of earlier calls.
    fn fetch(&self, needs: &[Need], basis: Basis) -> Result<Vec<PathBuf>> {
        let mut failures: Vec<Error> = Vec::new();
        for (is_new, basis) in [(false, basis), (true, basis), (false, Basis::LibraryC)] {
            let apt = self.apt(basis)?;
            if is_new {
                // A source that can't be reached is no reason to stop: the packages may be in another.
                failures.extend(apt.update().err());
            }
            let fetched = packages::of(needs, &apt).and_then(|names| {
                eprintln!("tsd: unpacking {} into {}", names.join(" "), self.path.display());
                apt.fetch(&names)
            });
            match fetched {
                Ok(()) => return self.archives(),
                Err(error) => failures.push(error),
            }
        }
        Err(failures.swap_remove(0))
    }

    /// Writes the settings, and makes what apt does not make by itself.
    fn apt(&self, basis: Basis) -> Result<Apt> {
        let apt = self.path.join("apt");
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(apt.join(folder)).map_err(|error| Error::of_file("made", &apt, &error))?;
        }
        // apt's lock lies beside the status, so that has to be a copy.
        let status = fs::read_to_string(SYSTEM_STATUS).unwrap_or_default();
        let status = match basis {
            Basis::System => status.replace("\nStatus: hold ok ", "\nStatus: install ok "),
            Basis::LibraryC => library_c_alone(&status),
        };
        write(&apt.join("state/status"), &status)?;
        let settings = apt.join("apt.conf");
        write(&settings, &SETTINGS.replace("{apt}", &apt.display().to_string()))?;
        Ok(Apt::with_settings(&settings))
    }

    fn archives(&self) -> Result<Vec<PathBuf>> {
        let folder = self.path.join("apt/cache/archives");
        let files = fs::read_dir(&folder).map_err(|error| Error::of_file("read", &folder, &error))?;
        let files = files.flatten().map(|file| file.path());
        Ok(files.filter(|file| file.extension() == Some(OsStr::new("deb")) && !is_library_c(file)).collect())
    }

    /// Unpacks a package once, and notes that.
    fn unpack(&self, archive: &Path) -> Result<()> {
        let note = archive.with_extension("unpacked");
        if note.is_file() {
            return Ok(());
        }
        command::output(Command::new("dpkg-deb").arg("-x").arg(archive).arg(self.root()))?;
        write(&note, "")
    }

    fn write_launchers(&self) -> Result<()> {
        let (bin, programs) = (self.bin(), self.root().join("usr/bin"));
        fs::create_dir_all(&bin).map_err(|error| Error::of_file("made", &bin, &error))?;
        let libraries: Vec<_> = library_folders(&self.root()).iter().map(|dir| dir.display().to_string()).collect();
        for program in fs::read_dir(&programs).into_iter().flatten().flatten() {
            let text = launcher(&program.path(), &libraries.join(":"), &bin);
            let (launcher, new) = (bin.join(program.file_name()), bin.join(".new"));
            if fs::read_to_string(&launcher).is_ok_and(|found| found == text) {
                continue;
            }
            // In one step: another process may be about to start it.
            write(&new, &text)?;
            fs::set_permissions(&new, fs::Permissions::from_mode(0o755))
                .and_then(|()| fs::rename(&new, &launcher))
                .map_err(|error| Error::of_file("written", &launcher, &error))?;
        }
        Ok(())
    }

    /// Fails unless what was wanted starts, and takes its launcher away then, so that nobody finds it.
    fn check(&self, need: Need) -> Result<()> {
        let program = match need {
            Need::Compiler => "cargo",
            Need::Clippy => "cargo-clippy",
            Need::Program(program) => program.command,
            Need::Package(_) => return Ok(()),
        };
        // It may be the system's: a package that brings several programs is there, and its alternatives are chosen.
        let Some(launcher) = self.find(program) else {
            return Err(Error::failure(format!("the packages bring no {program}")));
        };
        command::output(Command::new(&launcher).arg("--version")).map(drop).map_err(|error| {
            // What can't be removed is found by the next run.
            let _ = fs::remove_file(&launcher);
            Error::failure(format!("{program} does not start from {}", self.path.display()))
                .with_details(error.to_string().lines())
        })
    }
}

/// The system's settings hold but for these. The hooks are the system's own business.
const SETTINGS: &str = r##"#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
Dir::State "{apt}/state";
Dir::State::status "{apt}/state/status";
Dir::Cache "{apt}/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
"##;

/// Returns a status that has the C library, without wishes of its own, and nothing else.
fn library_c_alone(status: &str) -> String {
    let kept = ["Package", "Status", "Maintainer", "Architecture", "Multi-Arch", "Version", "Provides", "Description"];
    let is_kept =
        |line: &&str| kept.iter().any(|field| line.strip_prefix(field).is_some_and(|rest| rest.starts_with(':')));
    let paragraphs = status.split("\n\n").filter(|paragraph| paragraph.lines().any(|line| line == "Package: libc6"));
    paragraphs.map(|paragraph| paragraph.lines().filter(is_kept).collect::<Vec<_>>().join("\n") + "\n\n").collect()
}

/// Returns whether a package is the C library, which has to be the system's.
fn is_library_c(archive: &Path) -> bool {
    archive.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libc6_"))
}

fn launcher(program: &Path, libraries: &str, bin: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         LD_LIBRARY_PATH='{libraries}'${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n\
         PATH=$PATH:'{}'\n\
         export LD_LIBRARY_PATH PATH\n\
         exec '{}' \"$@\"\n",
        bin.display(),
        program.display()
    )
}

/// Returns the folders with shared libraries of this machine, those below them for a program's own use included.
fn library_folders(root: &Path) -> Vec<PathBuf> {
    let triple = format!("{}-linux-gnu", consts::ARCH);
    let mut folders = Vec::new();
    for base in ["usr/lib", "lib"].map(|base| root.join(base).join(&triple)) {
        let below = fs::read_dir(&base).into_iter().flatten().flatten().map(|entry| entry.path());
        let below: Vec<_> = below.filter(|path| path.is_dir()).collect();
        folders.extend([base].into_iter().chain(below).filter(|folder| has_libraries(folder)));
    }
    folders
}

fn has_libraries(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| {
        let name = name.to_string_lossy();
        name.starts_with("lib") && name.contains(".so")
    })
}

/// Corrects what in `root` says where something is: links, the linker's scripts and musl's compiler.
fn relocate(root: &Path) -> Result<()> {
    let failed = |error: io::Error| Error::of_file("adapted", root, &error);
    for folder in ["usr/bin", "usr/lib", "lib", &format!("usr/{}-linux-gnu/lib", "aarch64")] {
        relocate_below(&root.join(folder), root).map_err(failed)?;
    }
    Ok(())
}

fn relocate_below(folder: &Path, root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_symlink() {
            relocate_link(&path, root)?;
        } else if kind.is_dir() {
            relocate_below(&path, root)?;
        } else if names_places(&path) {
            relocate_text(&path, root)?;
        }
    }
    Ok(())
}

/// A link leads to what the folder has, else to what the system has at that place.
fn relocate_link(link: &Path, root: &Path) -> io::Result<()> {
    let target = fs::read_link(link)?;
    if target.starts_with(root) || target.is_relative() && link.exists() {
        return Ok(());
    }
    let place = link.parent().unwrap_or(root).join(&target);
    // An absolute target is as seen from the root of the system.
    let inside = if target.is_absolute() { &target } else { place.strip_prefix(root).unwrap_or(&target) };
    let inside = normal(inside);
    let found = [root.join(&inside), Path::new("/").join(&inside)].into_iter().find(|path| path.exists());
    let Some(found) = found else { return Ok(()) };
    fs::remove_file(link)?;
    symlink(found, link)
}

/// Returns a path without a root and without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    normal
}

/// Texts in which absolute paths say where other files of the packages are.
fn names_places(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with("-gcc") || name.ends_with(".specs") || name.starts_with("lib") && name.ends_with(".so")
}

/// The largest text of those.
const TEXT_BYTES: u64 = 4096;

fn relocate_text(file: &Path, root: &Path) -> io::Result<()> {
    if fs::metadata(file)?.len() > TEXT_BYTES {
        return Ok(());
    }
    let Ok(text) = fs::read_to_string(file) else { return Ok(()) };
    let relocated = relocated(&text, &|path| {
        let inside = root.join(path.trim_start_matches('/'));
        inside.exists().then(|| inside.display().to_string())
    });
    if relocated == text { Ok(()) } else { fs::write(file, relocated) }
}

/// Returns `text` with its absolute paths replaced by what `place` gives for them.
fn relocated(text: &str, place: &dyn Fn(&str) -> Option<String>) -> String {
    let is_end = |c: char| c.is_whitespace() || "\"'(){}".contains(c);
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('/') {
        let (before, path) = rest.split_at(start);
        let (path, after) = path.split_at(path.find(is_end).unwrap_or(path.len()));
        result.push_str(before);
        result.push_str(&place(path).unwrap_or_else(|| path.into()));
        rest = after;
    }
    result + rest
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|error| Error::of_file("written", file, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_library_is_kept_without_its_wishes() {
        let status = "Package: adduser\nVersion: 3\n\nPackage: libc6\nStatus: install ok installed\nDepends: libgcc-s1\n\
                      Conffiles:\n /etc/x 0\nVersion: 2.36-9\n\nPackage: libc6-dev\nVersion: 2\n";
        let alone = "Package: libc6\nStatus: install ok installed\nVersion: 2.36-9\n\n";
        assert_eq!(library_c_alone(status), alone);
        assert!(is_library_c(Path::new("/t/libc6_2.36-9_amd64.deb")));
        assert!(!is_library_c(Path::new("/t/libc6-dev_2.36-9_amd64.deb")));
    }

    #[test]
    fn paths_in_texts_follow_the_folder() {
        let place = |path: &str| path.starts_with("/usr/").then(|| format!("/t{path}"));
        let script = "GROUP ( /usr/lib/libc.so.6  AS_NEEDED ( /lib/ld.so ) )\n-L/usr/lib \"/usr/x\" no/where /";
        let moved = "GROUP ( /t/usr/lib/libc.so.6  AS_NEEDED ( /lib/ld.so ) )\n-L/t/usr/lib \"/t/usr/x\" no/where /";
        assert_eq!(relocated(script, &place), moved);
    }

    #[test]
    fn places_of_links_are_normal() {
        assert_eq!(normal(Path::new("usr/lib/gcc/../../x/./libc.so")), Path::new("usr/x/libc.so"));
        assert_eq!(normal(Path::new("/../etc/x")), Path::new("etc/x"));
    }

    #[test]
    fn launcher_quotes_and_passes_everything_on() {
        let text = launcher(Path::new("/t x/root/usr/bin/ld"), "/t x/lib", Path::new("/t x/bin"));
        assert!(text.contains("LD_LIBRARY_PATH='/t x/lib'${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n"), "{text}");
        assert!(text.ends_with("exec '/t x/root/usr/bin/ld' \"$@\"\n"), "{text}");
    }
}
