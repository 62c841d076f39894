//! apt: which packages there are, and getting them, for the system or into a folder.
//!
//! Nothing here asks the reader, and nothing removes a package of the system: what a call would do is simulated before
//! it is done. What apt prints is shown only where it fails, as the end of the error.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{command, error::Result};

/// apt with the right to do its work.
#[derive(Debug)]
pub(crate) struct Apt {
    is_root: bool,
    /// A file with settings, for lists and a cache of its own.
    settings: Option<PathBuf>,
}

/// What keeps apt from asking.
const UNASKED: [&str; 5] = ["-y", "--no-install-recommends", "-q", "-o", "DPkg::Lock::Timeout=300"];

/// The simulation says what would be removed, and nothing of it is: the packages are only fetched.
const FETCHING: [&str; 4] =
    ["--download-only", "--allow-downgrades", "--allow-remove-essential", "--allow-change-held-packages"];

impl Apt {
    /// Returns whether this system has packages that apt gets and dpkg unpacks.
    pub(crate) fn is_here() -> bool {
        ["apt-get", "apt-cache", "dpkg-deb"].iter().all(|program| command::find(program).is_some())
    }

    /// Returns the system's apt, unless it would ask for a password.
    pub(crate) fn of_system() -> Option<Self> {
        let is_root = command::answer(Command::new("id").arg("-u")).as_deref() == Some("0");
        let may_change = is_root || command::answer(Command::new("sudo").args(["-n", "true"])).is_some();
        may_change.then_some(Self { is_root, settings: None })
    }

    /// Returns an apt whose lists and cache are where the file `settings` says, which takes no rights.
    pub(crate) fn with_settings(settings: &Path) -> Self {
        Self { is_root: true, settings: Some(settings.to_path_buf()) }
    }

    /// Fetches the lists of what there is.
    ///
    /// # Errors
    /// One of the sources can't be reached. What the others have can be got all the same.
    pub(crate) fn update(&self) -> Result<()> {
        command::output(&mut self.command("apt-get", &["update", "-q", "-o", "APT::Update::Error-Mode=any"])).map(drop)
    }

    /// Returns the version of `package` that would be installed.
    pub(crate) fn candidate(&self, package: &str) -> Option<String> {
        candidate(&command::answer(&mut self.command("apt-cache", &["policy", package]))?)
    }

    /// Fails if the packages can't be installed, or not without removing another.
    pub(crate) fn can_install(&self, packages: &[&str]) -> Result<()> {
        let words = [&["install", "--simulate", "--no-remove"], &UNASKED[..], packages].concat();
        command::output(&mut self.command("apt-get", &words)).map(drop)
    }

    /// Installs the packages.
    pub(crate) fn install(&self, packages: &[&str]) -> Result<()> {
        let mut command = self.command("apt-get", &[&["install", "--no-remove"], &UNASKED[..], packages].concat());
        command::echo(&command);
        command::output(&mut command).map(drop)
    }

    /// Puts the packages, and what they want that the system lacks, into the cache.
    pub(crate) fn fetch(&self, packages: &[&str]) -> Result<()> {
        let mut command = self.command("apt-get", &[&["install"], &FETCHING[..], &UNASKED[..], packages].concat());
        command::echo(&command);
        command::output(&mut command).map(drop)
    }

    /// Puts the files of a source package into a folder.
    pub(crate) fn fetch_source(&self, package: &str, folder: &Path) -> Result<()> {
        let mut command = self.command("apt-get", &["source", "--download-only", "-q", package]);
        command::echo(&command);
        command::output(command.current_dir(folder)).map(drop)
    }

    fn command(&self, program: &str, words: &[&str]) -> Command {
        // A package's own scripts must not ask either.
        let variables = [("DEBIAN_FRONTEND", "noninteractive"), ("LC_ALL", "C")];
        let mut command = Command::new(if self.is_root { program } else { "sudo" });
        if self.is_root {
            command.envs(variables);
        } else {
            // sudo keeps the caller's variables from what it runs.
            command.args(["-n", "env"]).args(variables.map(|(name, value)| format!("{name}={value}"))).arg(program);
        }
        if let Some(settings) = &self.settings {
            command.arg("-c").arg(settings);
        }
        command.args(words);
        command
    }
}

/// Reads the version that `apt-cache policy` says would be installed, without its epoch.
fn candidate(policy: &str) -> Option<String> {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    // An epoch goes before a colon.
    (candidate != "(none)").then(|| candidate.rsplit(':').next().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidate_is_read_from_the_policy() {
        let policy = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n  Version table:\n";
        assert_eq!(candidate(policy).as_deref(), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(candidate("qemu:\n  Candidate: 1:7.2+dfsg-7\n").as_deref(), Some("7.2+dfsg-7"));
        assert_eq!(candidate("rustc:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate(""), None);
    }

    #[test]
    fn sudo_goes_in_front_and_settings_behind() {
        let typed = |apt: Apt| command::as_typed(&apt.command("apt-get", &["install", "lld"]));
        let with_sudo = Apt { is_root: false, settings: None };
        assert_eq!(typed(with_sudo), "sudo -n env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get install lld");
        let typed = typed(Apt::with_settings(Path::new("/t/apt.conf")));
        assert!(typed.ends_with(" apt-get -c /t/apt.conf install lld"), "{typed}");
    }
}
