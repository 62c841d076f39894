//! The compiler for bare metal: one that can build for every target that a run needs.
//!
//! Looked for in this order: the toolchain that runs this program, with the targets present; the same after
//! `rustup target add`; the distribution's compiler, which builds the core library from its source.
//!
//! There is no rust-toolchain.toml: it would name a channel, and so take the choice of toolchain away from
//! a user who has another one with the targets.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    cargo_progress, command,
    error::Result,
    output::tell,
    packages::{major_minor, minimum_version},
    private::Folder,
    stamp, tools, workspace,
};

/// Where distributions put their compiler.
const DISTRIBUTION_BIN: &str = "/usr/bin";

/// A compiler with its cargo.
#[derive(Clone, Debug)]
pub struct Toolchain {
    bin: PathBuf,
    sysroot: PathBuf,
    /// What `rustc -vV` says.
    version: String,
}

impl Toolchain {
    /// Returns the toolchain that runs this program.
    pub fn current() -> Option<Self> {
        // Cargo says where it lies; without it, the first on the search path counts, which may be rustup's proxy.
        let cargo = env::var_os("CARGO").map(PathBuf::from).or_else(|| command::find("cargo"))?;
        Self::at(cargo.parent()?)
    }

    /// Returns the distribution's compiler, installed or in the private folder, if it is new enough and its library's
    /// source lies beside it.
    pub fn of_distribution() -> Option<Self> {
        let is_fit = |found: &Self| found.has_library_source() && found.release() >= Some(minimum_version());
        let bins = [PathBuf::from(DISTRIBUTION_BIN), Folder::shared().bin()];
        bins.iter().filter_map(|bin| Self::in_place(bin)).find(is_fit)
    }

    /// The toolchain that the proxies or programs in `bin` stand for.
    fn at(bin: &Path) -> Option<Self> {
        let found = Self::in_place(bin)?;
        // The compiler itself instead of a proxy, which would choose again when it is started elsewhere.
        let real = found.sysroot.join("bin");
        let is_there = real.join("cargo").is_file() && real.join("rustc").is_file();
        Some(if is_there { Self { bin: real, ..found } } else { found })
    }

    fn in_place(bin: &Path) -> Option<Self> {
        let ask = |argument: &[&str]| command::answer(Command::new(bin.join("rustc")).args(argument));
        let sysroot = PathBuf::from(ask(&["--print=sysroot"])?);
        let version = ask(&["-vV"])?;
        bin.join("cargo").is_file().then_some(Self { bin: bin.to_path_buf(), sysroot, version })
    }

    /// Returns whether the core library of each of `targets` is there, ready-made.
    pub fn has_targets(&self, targets: &[&str]) -> bool {
        targets.iter().all(|target| {
            let libraries = fs::read_dir(self.rustlib().join(target).join("lib"));
            libraries.is_ok_and(|files| {
                files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
    }

    /// Returns whether cargo's `clippy` is there.
    pub fn has_clippy(&self) -> bool {
        self.bin.join("cargo-clippy").is_file()
    }

    /// Returns whether the compiler comes without the linker that the targets ask for.
    pub fn lacks_linker(&self) -> bool {
        !self.rustlib().join(self.host()).join("bin/rust-lld").is_file()
    }

    /// Returns the name of the host as a target.
    pub fn host(&self) -> &str {
        self.version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default()
    }

    /// Returns the compiler's name and version, as `rustc --version` says them.
    pub fn name(&self) -> &str {
        self.version.lines().next().unwrap_or_default()
    }

    /// Returns the major number of the compiler's LLVM.
    pub fn llvm(&self) -> Option<u32> {
        Some(major_minor(self.version.lines().find_map(|line| line.strip_prefix("LLVM version: "))?)?.0)
    }

    /// Returns a command that runs the compiler, with none of the caller's settings.
    pub fn rustc(&self) -> Command {
        command::independent_cargo(&self.bin.join("rustc"))
    }

    /// Returns a command of cargo's, such as `test`, for the host: this compiler, none of the caller's settings.
    pub fn host_cargo(&self, verb: &str) -> Command {
        let cargo = self.bin.join("cargo");
        // Cargo looks for its further commands in folders where another toolchain's may come first.
        let plugin = self.bin.join(format!("cargo-{verb}"));
        let mut command = self.with_host_program(if plugin.is_file() { &plugin } else { &cargo });
        command.arg(verb);
        command
    }

    /// Returns a command that runs `program`, which calls cargo: this one, with none of the caller's settings.
    pub fn with_host_program(&self, program: &Path) -> Command {
        let mut command = command::independent_cargo(program);
        command.current_dir(workspace::root());
        command.env("CARGO", self.bin.join("cargo")).env("RUSTC", self.bin.join("rustc"));
        command
    }

    /// Returns a command of cargo's, such as `build`, for the bare-metal `target`.
    pub fn cargo(&self, verb: &str, target: &str) -> Command {
        let mut command = self.host_cargo(verb);
        command.args(["--target", target]);
        if !self.has_targets(&[target]) {
            // The core library is built from source, which a stable compiler does only when told so.
            command.env("RUSTC_BOOTSTRAP", "1");
            // What a later compiler will think of that source is nobody's concern here.
            command.env("CARGO_FUTURE_INCOMPAT_REPORT_FREQUENCY", "never");
            command.args(["-Zbuild-std=core,compiler_builtins", "-Zbuild-std-features=compiler-builtins-mem"]);
        }
        // Programs for the host are linked as the host links them.
        if self.lacks_linker() && target != self.host() {
            command.arg(format!("--config=target.{target}.linker=\"ld.lld\""));
        }
        command
    }

    /// Has cargo say nothing of what goes well, unless every command is echoed. [`command::run_below`] still learns how far
    /// it is.
    pub(crate) fn hush(cargo: &mut Command) {
        if !command::is_verbose() {
            cargo.env(cargo_progress::QUIET, "true");
        }
    }

    /// Returns what decides what `cargo` makes, beside the inputs.
    pub(crate) fn recipe(&self, cargo: &Command) -> String {
        format!("{}\n{}\n{}", self.bin.display(), self.version, command::as_typed(cargo))
    }

    /// Returns the inputs of what cargo has made: the sources by the `rule` that it has written beside it, and what it
    /// reads of packages and settings. Crates of a registry are as the lock file has them.
    ///
    /// # Errors
    /// The rule can't be read.
    pub(crate) fn inputs(&self, rule: &Path) -> Result<BTreeSet<PathBuf>> {
        let root = workspace::root();
        let mut inputs = stamp::inputs_of_rule(rule)?;
        let manifest = |source: &PathBuf| {
            let folders = source.ancestors().take_while(|folder| folder.starts_with(&root));
            folders.map(|folder| folder.join("Cargo.toml")).find(|manifest| manifest.is_file())
        };
        let manifests: Vec<_> = inputs.iter().filter_map(manifest).collect();
        inputs.extend(manifests);
        inputs.extend(["Cargo.toml", "Cargo.lock"].map(|name| root.join(name)));
        // Where there are none, some may come.
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
        let folders = root.ancestors().map(|folder| folder.join(".cargo")).chain(home);
        inputs.extend(folders.flat_map(|folder| ["config.toml", "config"].map(|name| folder.join(name))));
        inputs.extend(["cargo", "rustc"].map(|name| self.bin.join(name)));
        inputs.extend(tools::LLD.find().filter(|_| self.lacks_linker()));
        Ok(inputs)
    }

    /// Returns whether the standard library can be built from its source.
    pub fn has_library_source(&self) -> bool {
        self.rustlib().join("src/rust/library/core/Cargo.toml").is_file()
    }

    /// Returns where the compiler's libraries are, by target.
    pub fn rustlib(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib")
    }

    fn release(&self) -> Option<(u32, u32)> {
        major_minor(self.version.lines().find_map(|line| line.strip_prefix("release: "))?)
    }
}

/// How long a refusal of `rustup target add` is believed.
const REFUSAL_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Lets rustup add `targets` to `toolchain`, and returns whether they are there afterwards.
///
/// A refusal takes some seconds, so it is remembered for a day, or until the toolchain changes.
///
/// # Errors
/// The note of the refusal can't be written.
pub fn add_targets(toolchain: &Toolchain, targets: &[&str]) -> Result<bool> {
    let Some(mut rustup) = rustup_target_add(toolchain, targets) else { return Ok(false) };
    let note = workspace::images_dir()?.join(format!("rustup-refusal-{}", targets.len()));
    let subject = format!("{}\n{}\n{targets:?}\n", toolchain.sysroot.display(), toolchain.version);
    if is_remembered(&note, &subject) {
        return Ok(false);
    }
    if command::run(&mut rustup).is_ok() && toolchain.has_targets(targets) {
        return Ok(true);
    }
    tell!("tsd: rustup can't add the targets; looking for the distribution's compiler instead");
    // Without the note the next run only asks again.
    let _ = fs::write(&note, subject);
    Ok(false)
}

/// Returns the rustup command that adds `targets`, if rustup manages `toolchain`.
pub fn rustup_target_add(toolchain: &Toolchain, targets: &[&str]) -> Option<Command> {
    let name = toolchain.sysroot.file_name()?;
    let is_managed = toolchain.sysroot.parent()?.file_name()? == "toolchains";
    let rustup = command::find("rustup").filter(|_| is_managed)?;
    let mut command = Command::new(rustup);
    command.args(["target", "add", "--toolchain"]).arg(name).args(targets);
    Some(command)
}

/// Returns the oldest compiler that this workspace is written for, if rustup has it or may and can fetch it.
pub fn oldest(may_install: bool) -> Option<Toolchain> {
    let rustup = command::find("rustup")?;
    let name = env!("CARGO_PKG_RUST_VERSION");
    let find = || {
        // Without this, rustup may fetch what it is asked for.
        let mut ask = Command::new(&rustup);
        let cargo = command::answer(ask.env("RUSTUP_AUTO_INSTALL", "0").args(["which", "--toolchain", name, "cargo"]))?;
        Toolchain::at(Path::new(&cargo).parent()?)
    };
    if let Some(found) = find() {
        return Some(found);
    }
    if !may_install {
        return None;
    }
    let mut install = Command::new(&rustup);
    install.args(["toolchain", "install", name, "--profile", "minimal", "--no-self-update"]);
    command::run(&mut install).ok()?;
    find()
}

fn is_remembered(note: &Path, subject: &str) -> bool {
    let age = fs::metadata(note).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age < REFUSAL_LIFETIME) && fs::read_to_string(note).is_ok_and(|text| text == subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_toolchain_is_found() {
        let toolchain = Toolchain::current().unwrap();
        assert!(toolchain.release() >= Some(minimum_version()), "{toolchain:?}");
        assert!(toolchain.bin.join("rustc").is_file());
    }

    #[test]
    fn refusal_holds_for_the_same_toolchain_only() {
        let note = workspace::images_dir().unwrap().join("refusal-test");
        fs::write(&note, "1.90").unwrap();
        assert!(is_remembered(&note, "1.90"));
        assert!(!is_remembered(&note, "1.91"));
        fs::remove_file(&note).unwrap();
        assert!(!is_remembered(&note, "1.90"));
    }
}
