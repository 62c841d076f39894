//! The system's package managers: which packages bring what is missing, and installing them.
//!
//! Nothing is installed where that would need a question: no password is asked for, no package is removed
//! to make room. The reader then gets the command to type instead.

use std::{env, process::Command};

use crate::{
    command,
    error::{Error, Result},
    programs::Program,
};

/// Something that a run needs and a package brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// `qemu-system-x86_64`.
    QemuX86,
    /// `qemu-system-aarch64`.
    QemuArm,
    /// A compiler with cargo and the library's source.
    Compiler,
    /// Cargo's `clippy` for that compiler.
    Clippy,
    /// `ld.lld`, for compilers that come without a linker of their own.
    Linker,
    /// One program of those that the C side takes.
    Program(&'static Program),
}

/// Sets of packages that bring the same; the first that there is, and that is new enough, is taken.
type Choices = &'static [&'static [&'static str]];

/// One package manager and what it calls things.
struct Manager {
    program: &'static str,
    install: &'static [&'static str],
    /// Keeps it from asking and, where it might, from removing packages to make room.
    unasked: &'static [&'static str],
    /// Fetches the lists of what there is, where the manager doesn't do so by itself.
    update: Option<&'static str>,
    as_root: bool,
    qemu_x86: Choices,
    qemu_arm: Choices,
    linker: Choices,
    compiler: Choices,
    clippy: Choices,
}

/// In the order in which they are looked for. Only the first row is exercised by tests.
const MANAGERS: [Manager; 4] = [
    Manager {
        program: "apt-get",
        install: &["install", "--no-install-recommends"],
        unasked: &["-y", "--no-remove", "-o", "DPkg::Lock::Timeout=300"],
        update: Some("update"),
        as_root: true,
        qemu_x86: &[&["qemu-system-x86"]],
        qemu_arm: &[&["qemu-system-arm"]],
        linker: &[&["lld"]],
        // Debian keeps a second, newer compiler in its stable releases for the browsers.
        compiler: &[&["rustc-web", "cargo-web", "rust-web-src"], &["rustc", "cargo", "rust-src"]],
        clippy: &[&["rust-web-clippy"], &["rust-clippy"]],
    },
    Manager {
        program: "dnf",
        install: &["install"],
        unasked: &["-y"],
        update: None,
        as_root: true,
        qemu_x86: &[&["qemu-system-x86-core"]],
        qemu_arm: &[&["qemu-system-aarch64-core"]],
        linker: &[&["lld"]],
        compiler: &[&["rust", "cargo", "rust-src"]],
        clippy: &[&["clippy"]],
    },
    Manager {
        program: "pacman",
        install: &["-S", "--needed"],
        unasked: &["--noconfirm"],
        update: None,
        as_root: true,
        qemu_x86: &[&["qemu-system-x86"]],
        qemu_arm: &[&["qemu-system-aarch64"]],
        linker: &[&["lld"]],
        compiler: &[&["rust", "rust-src"]],
        clippy: &[&["rust"]],
    },
    Manager {
        program: "brew",
        install: &["install"],
        unasked: &[],
        update: None,
        as_root: false,
        qemu_x86: &[&["qemu"]],
        qemu_arm: &[&["qemu"]],
        linker: &[&["lld"]],
        compiler: &[],
        clippy: &[],
    },
];

/// Installs what brings `needs`, after one line that says what; with `allowed` false only says it.
///
/// # Errors
/// Status 2 with the command to type when it can't be done without asking, status 1 when it was tried
/// and failed.
pub fn install(needs: &[Need], allowed: bool) -> Result<()> {
    let Some(manager) = MANAGERS.iter().find(|manager| command::find(manager.program).is_some()) else {
        return Err(Error::usage(format!("missing: {}; no known package manager to get it", in_words(needs))));
    };
    let privilege = if manager.as_root { Privilege::held() } else { Some(Privilege::Root) };
    let (Some(privilege), true) = (&privilege, allowed) else {
        return Err(to_be_typed(manager, needs, privilege.unwrap_or(Privilege::Sudo)));
    };

    if manager.update.is_some() && manager.packages(needs).is_none() {
        manager.update(privilege)?;
    }
    let Some(packages) = manager.packages(needs) else {
        let message = format!("{} has no package for: {}", manager.program, in_words(needs));
        return Err(Error::usage(message));
    };
    eprintln!("tsd: installing {} with {}", packages.join(" "), manager.program);
    let mut first = manager.install_command(privilege, &packages);
    if command::run(&mut first).is_ok() {
        return Ok(());
    }
    // Lists that are a few weeks old name versions that the servers no longer have.
    manager.update(privilege)?;
    command::run(&mut manager.install_command(privilege, &packages))
}

/// Installs packages by the names that Debian and its relatives know them under.
///
/// # Errors
/// As [`install`]; elsewhere than on such a system, status 2 with the names.
pub fn install_on_debian(packages: &[&str], allowed: bool) -> Result<()> {
    let apt = &MANAGERS[0];
    let typed = || Error::usage(format!("missing: what Debian has as {}", packages.join(" ")));
    let (Some(_), Some(privilege), true) = (command::find(apt.program), Privilege::held(), allowed) else {
        return Err(typed());
    };
    eprintln!("tsd: installing {} with {}", packages.join(" "), apt.program);
    let mut install = apt.install_command(&privilege, packages);
    command::run(&mut install).or_else(|_| {
        apt.update(&privilege)?;
        command::run(&mut install)
    })
}

fn to_be_typed(manager: &Manager, needs: &[Need], privilege: Privilege) -> Error {
    let packages = manager.packages(needs).unwrap_or_else(|| manager.first_choice(needs));
    let sudo = if matches!(privilege, Privilege::Sudo) { "sudo " } else { "" };
    let words = [manager.install, &packages].concat().join(" ");
    let install = format!("{sudo}{} {words}", manager.program);
    let update = manager.update.map_or(String::new(), |word| format!("{sudo}{} {word} && ", manager.program));
    Error::usage(format!("missing: {}; type: {update}{install}", in_words(needs)))
}

fn in_words(needs: &[Need]) -> String {
    let word = |need: &Need| match need {
        Need::QemuX86 => "qemu-system-x86_64",
        Need::QemuArm => "qemu-system-aarch64",
        Need::Compiler => "a compiler with its library's source",
        Need::Clippy => "cargo clippy",
        Need::Linker => "ld.lld",
        Need::Program(program) => program.command,
    };
    needs.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// How a command becomes one that may install packages.
enum Privilege {
    Root,
    Sudo,
}

impl Privilege {
    /// `None` when the reader would be asked for a password.
    fn held() -> Option<Self> {
        if command::answer(Command::new("id").arg("-u")).as_deref() == Some("0") {
            return Some(Self::Root);
        }
        command::answer(Command::new("sudo").args(["-n", "true"])).map(|_| Self::Sudo)
    }
}

impl Manager {
    fn command(&self, privilege: &Privilege, arguments: &[&str]) -> Command {
        let sudo: &[&str] = if matches!(privilege, Privilege::Sudo) { &["sudo", "-n"] } else { &[] };
        // A package's own scripts must not ask either. The variable means something to Debian's only.
        let all = [sudo, &["env", "DEBIAN_FRONTEND=noninteractive", self.program], arguments].concat();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]);
        command
    }

    fn install_command(&self, privilege: &Privilege, packages: &[&str]) -> Command {
        self.command(privilege, &[self.install, self.unasked, packages].concat())
    }

    fn update(&self, privilege: &Privilege) -> Result<()> {
        self.update.map_or(Ok(()), |word| command::run(&mut self.command(privilege, &[word])))
    }

    /// Returns the packages that bring `needs`, if the manager knows them all and the compiler is new enough.
    fn packages(&self, needs: &[Need]) -> Option<Vec<&'static str>> {
        let sets: Option<Vec<&[&str]>> = needs
            .iter()
            .map(|&need| {
                self.choices(need)
                    .iter()
                    .copied()
                    .find(|set| self.offers(set, matches!(need, Need::Compiler | Need::Clippy)))
            })
            .collect();
        sets.map(unique)
    }

    fn first_choice(&self, needs: &[Need]) -> Vec<&'static str> {
        unique(needs.iter().filter_map(|&need| self.choices(need).first().copied()).collect())
    }

    fn choices(&self, need: Need) -> Choices {
        match need {
            Need::QemuX86 => self.qemu_x86,
            Need::QemuArm => self.qemu_arm,
            Need::Linker => self.linker,
            Need::Compiler => self.compiler,
            Need::Clippy => self.clippy,
            Need::Program(program) => program.packages(self.program),
        }
    }

    /// Only apt is asked beforehand; the others say it themselves when they can't.
    fn offers(&self, packages: &[&str], has_its_version: bool) -> bool {
        if self.program != "apt-get" {
            return true;
        }
        packages.iter().all(|package| {
            let policy = command::answer(Command::new("apt-cache").args(["policy", package])).unwrap_or_default();
            let candidate = candidate_version(&policy);
            candidate.is_some_and(|version| !has_its_version || version >= minimum_version())
        })
    }
}

fn unique(sets: Vec<&[&'static str]>) -> Vec<&'static str> {
    let mut packages: Vec<&str> = Vec::new();
    for package in sets.concat() {
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    packages
}

/// Reads major and minor number of the version that `apt-cache policy` says would be installed.
fn candidate_version(policy: &str) -> Option<(u32, u32)> {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    // An epoch goes before a colon.
    major_minor(candidate.rsplit(':').next()?)
}

/// Reads `1.96` from `1.96.0+dfsg1` and its like.
pub(crate) fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The oldest compiler that this workspace is written for.
pub(crate) fn minimum_version() -> (u32, u32) {
    major_minor(env!("CARGO_PKG_RUST_VERSION")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidate_is_read_from_the_policy() {
        let policy = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n  Version table:\n";
        assert_eq!(candidate_version(policy), Some((1, 96)));
        assert_eq!(candidate_version("qemu:\n  Candidate: 1:7.2+dfsg-7\n"), Some((7, 2)));
        assert_eq!(candidate_version("rustc:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate_version(""), None);
    }

    #[test]
    fn too_old_is_known() {
        assert!(major_minor("1.63.0+dfsg1-2").unwrap() < minimum_version());
        assert!(minimum_version() >= (1, 90));
    }

    #[test]
    fn command_to_type_names_everything_once() {
        let brew = &MANAGERS[3];
        let error = to_be_typed(brew, &[Need::QemuX86, Need::QemuArm, Need::Linker], Privilege::Root);
        assert!(error.to_string().ends_with("brew install qemu lld"), "{error}");
        assert_eq!(error.status(), 2);
    }

    #[test]
    fn sudo_goes_in_front() {
        let apt = &MANAGERS[0];
        let typed = command::as_typed(&apt.install_command(&Privilege::Sudo, &["lld"]));
        assert!(typed.starts_with("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install"), "{typed}");
        assert!(typed.ends_with(" lld"), "{typed}");
    }
}
