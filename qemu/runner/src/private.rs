//! The private folder: packages that are unpacked below cargo's target directory instead of installed.
//!
//! It takes no rights and touches nothing of the system, and it goes with cargo's target directory. What the system has
//! is used from there; the C library and its loader always are, since each program on a system has to share them. Each
//! program has a launcher, a script in `bin` that shows the folder's libraries to it: a launcher is written last, and
//! taken away if the program does not start, so what is in `bin` can be used.

use std::{
    env::consts,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    apt::Apt,
    command::{self, quoted},
    error::{Error, Result},
    output::tell,
    packages::{self, Need},
    tools::Trial,
    workspace,
};

mod relocation;
mod source;

/// What dpkg knows of the system.
const SYSTEM_STATUS: &str = "/var/lib/dpkg/status";

/// Which packages count as there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Those of the system.
    System,
    /// The C library alone, so that what else the system has does not matter.
    CLibrary,
    /// None: nothing that is unpacked runs here, since it is for the architecture that Debian calls so.
    Foreign(&'static str),
}

/// The private folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Returns the folder of this target directory, whether there is one yet or not.
    pub fn shared() -> Self {
        Self { path: workspace::private_dir() }
    }

    /// Returns the part of it for packages of another architecture.
    pub fn foreign(architecture: &str) -> Self {
        Self { path: Self::shared().path.join(architecture) }
    }

    /// Returns where the launchers are.
    pub fn bin(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// Returns where the packages are unpacked, as if that were the root of the system.
    pub fn root(&self) -> PathBuf {
        self.path.join("root")
    }

    /// Returns the launcher of `program`.
    pub fn find(&self, program: impl AsRef<Path>) -> Option<PathBuf> {
        Some(self.bin().join(program)).filter(|launcher| launcher.is_file())
    }

    /// Unpacks what brings `needs`: as it is on top of `basis`, or by itself where that can't be.
    ///
    /// # Errors
    /// There is no such package, or it can't be fetched, or what it brings does not start.
    pub fn install(&self, needs: &[Need], basis: Basis) -> Result<()> {
        tell!("tsd: unpacking {} into {}", packages::in_words(needs), self.path.display());
        self.make("")?;
        let lock = self.path.join("lock");
        let lock = fs::File::create(&lock).and_then(|file| file.lock().map(|()| file));
        let _lock = lock.map_err(|error| Error::of_file("locked", &self.path, &error))?;
        let mut failures: Vec<Error> = Vec::new();
        let attempts = [(false, basis), (true, basis), (false, Basis::CLibrary)];
        // What is for another architecture has no basis to choose.
        for (is_with_new_lists, basis) in attempts.into_iter().take(if basis == Basis::System { 3 } else { 2 }) {
            let apt = self.apt(basis)?;
            if is_with_new_lists {
                // A source that can't be reached is no reason to stop: the packages may be in another.
                failures.extend(apt.update().err());
            }
            match self.attempt(needs, &apt) {
                Ok(()) => return Ok(()),
                Err(error) => failures.push(error),
            }
        }
        Err(Error::of_all(&failures))
    }

    fn attempt(&self, needs: &[Need], apt: &Apt) -> Result<()> {
        apt.fetch(&packages::of(needs, apt)?)?;
        self.archives()?.iter().try_for_each(|archive| self.unpack(archive))?;
        let root = self.root();
        for need in needs {
            // It gets another chance.
            let _ = fs::remove_file(self.note_of_fault(need.program()));
        }
        relocation::relocate(&root, &root).map_err(|error| Error::of_file("adapted", &root, &error))?;
        self.write_launchers()?;
        needs.iter().try_for_each(|need| self.check(*need))
    }

    pub(crate) fn make(&self, folder: &str) -> Result<PathBuf> {
        let path = self.path.join(folder);
        fs::create_dir_all(&path).map_err(|error| Error::of_file("made", &path, &error))?;
        Ok(path)
    }

    /// Writes the settings, and makes what apt does not make by itself.
    fn apt(&self, basis: Basis) -> Result<Apt> {
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            self.make(&format!("apt/{folder}"))?;
        }
        let apt = self.path.join("apt");
        // apt's lock lies beside the status, so that has to be a copy.
        let status = fs::read_to_string(SYSTEM_STATUS).unwrap_or_default();
        let (status, architecture) = match basis {
            Basis::System => (status.replace("\nStatus: hold ok ", "\nStatus: install ok "), None),
            Basis::CLibrary => (c_library_alone(&status), None),
            Basis::Foreign(architecture) => (String::new(), Some(architecture)),
        };
        write(&apt.join("state/status"), &status)?;
        let settings = apt.join("apt.conf");
        let architecture =
            architecture.map(|name| format!("APT::Architecture {name:?};\nAPT::Architectures {name:?};\n"));
        write(&settings, &(SETTINGS.replace("{apt}", &apt.display().to_string()) + &architecture.unwrap_or_default()))?;
        Ok(Apt::with_settings(&settings))
    }

    /// Returns the packages' files, of this call and earlier ones.
    fn archives(&self) -> Result<Vec<PathBuf>> {
        let folder = self.path.join("apt/cache/archives");
        let files = fs::read_dir(&folder).map_err(|error| Error::of_file("read", &folder, &error))?;
        let files = files.flatten().map(|file| file.path());
        Ok(files.filter(|file| file.extension() == Some(OsStr::new("deb")) && !is_c_library(file)).collect())
    }

    /// Unpacks a package once, and notes that.
    fn unpack(&self, archive: &Path) -> Result<()> {
        let note = archive.with_extension("unpacked");
        if note.is_file() {
            return Ok(());
        }
        let failed = |error| Error::of_file("unpacked", archive, &error);
        let mut package = Command::new("dpkg-deb");
        let package = package.arg("--fsys-tarfile").arg(archive).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut package = package.spawn().map_err(failed)?;
        let mut tar = Command::new("tar");
        tar.arg("-xC").arg(self.make("root")?).args(["--no-same-owner", "--anchored", "--no-wildcards-match-slash"]);
        tar.args(LEFT_OUT.map(|pattern| format!("--exclude={pattern}")));
        let unpacked = command::run_quietly(tar.stdin(package.stdout.take().map_or_else(Stdio::null, Stdio::from)));
        if !package.wait().map_err(failed)?.success() {
            return Err(Error::failure(format!("{} is damaged", archive.display())));
        }
        unpacked?;
        write(&note, "")
    }

    fn write_launchers(&self) -> Result<()> {
        let bin = self.make("bin")?;
        let libraries: Vec<_> = library_folders(&self.root()).iter().map(|dir| dir.display().to_string()).collect();
        for program in fs::read_dir(self.root().join("usr/bin")).into_iter().flatten().flatten() {
            if self.note_of_fault(program.file_name()).is_file() {
                continue;
            }
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

    /// The note that a program does not work.
    fn note_of_fault(&self, program: impl AsRef<Path>) -> PathBuf {
        self.path.join("faults").join(program)
    }

    /// Fails unless what was wanted is there and works.
    fn check(&self, need: Need) -> Result<()> {
        let program = need.program();
        if program.is_empty() {
            return Ok(());
        }
        let launcher = self.find(program);
        let launcher = launcher.ok_or_else(|| Error::failure(format!("the packages bring no {program}")))?;
        let mut trial = Command::new(&launcher);
        let source = self.path.join("trial.c");
        write(&source, "#include <stdint.h>\nint main(void) { return 0; }\n")?;
        let kind = if let Need::Tool(tool) = need { &tool.trial } else { &Trial::Version };
        match kind {
            Trial::Version => trial.arg("--version"),
            Trial::Program => trial.arg(source).arg("-o").arg(self.path.join("trial")),
            Trial::Freestanding => {
                trial.args(["-ffreestanding", "-nostdlib"]).arg(source).arg("-o").arg(self.path.join("trial"))
            }
        };
        command::output(&mut trial).map(drop).map_err(|error| {
            // Nobody should find it, now or after the next package. What can't be done is in the way of these files
            // only.
            let _ = fs::remove_file(&launcher);
            let _ = self.make("faults").and_then(|_| write(&self.note_of_fault(program), ""));
            Error::failure(format!("{program} does not work from {}", self.path.display())).with_details(error.lines())
        })
    }
}

/// The system's settings hold but for these. The hooks are the system's own business.
const SETTINGS: &str = r##"#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
APT::Sandbox::User "";
Dir::State "{apt}/state";
Dir::State::status "{apt}/state/status";
Dir::Cache "{apt}/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
"##;

/// What no program here reads: documentation, and the compiler's source but for its library.
const LEFT_OUT: [&str; 5] =
    ["./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/src/*/compiler", "./usr/src/*/src"];

/// Returns a status that has the C library, without wishes of its own, and nothing else.
fn c_library_alone(status: &str) -> String {
    let kept = ["Package", "Status", "Maintainer", "Architecture", "Multi-Arch", "Version", "Provides", "Description"];
    let is_kept = |line: &&str| line.split_once(':').is_some_and(|(field, _)| kept.contains(&field));
    let paragraphs = status.split("\n\n").filter(|paragraph| paragraph.lines().any(|line| line == "Package: libc6"));
    paragraphs.map(|paragraph| paragraph.lines().filter(is_kept).collect::<Vec<_>>().join("\n") + "\n\n").collect()
}

/// Returns whether a package is the C library, which has to be the system's.
fn is_c_library(archive: &Path) -> bool {
    archive.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libc6_"))
}

fn launcher(program: &Path, libraries: &str, bin: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         LD_LIBRARY_PATH={}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n\
         PATH=$PATH:{}\n\
         export LD_LIBRARY_PATH PATH\n\
         exec {} \"$@\"\n",
        quoted(libraries),
        quoted(&bin.to_string_lossy()),
        quoted(&program.to_string_lossy())
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
        assert_eq!(c_library_alone(status), alone);
        assert!(is_c_library(Path::new("/t/libc6_2.36-9_amd64.deb")));
        assert!(!is_c_library(Path::new("/t/libc6-dev_2.36-9_amd64.deb")));
    }

    #[test]
    fn launcher_quotes_and_passes_everything_on() {
        let text = launcher(Path::new("/it's/root/usr/bin/ld"), "/t x/lib", Path::new("/t x/bin"));
        assert!(text.contains("LD_LIBRARY_PATH='/t x/lib'${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n"), "{text}");
        assert!(text.ends_with("exec '/it'\\''s/root/usr/bin/ld' \"$@\"\n"), "{text}");
    }
}
