//! Builds what is measured: the archive of `measure/`, and a C program that is linked with it.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use tsd_runner::command;
use tsd_runner::install::{self, Numbers, Target, ThreadPointer};

/// The workspace.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the workspace")
}

/// Where the programs are built, apart from the workspace's own target folder and its lock.
fn target() -> PathBuf {
    root().join("target/measure")
}

/// Builds the archive of `measure/` as a kernel would be: link-time optimisation, and the table's address a constant.
/// The file.
#[must_use]
pub fn archive() -> PathBuf {
    archive_with(&target(), &[])
}

/// The same with other crates beside tsd, and Rust's standard library, which they need.
#[must_use]
pub fn archive_with_peers() -> PathBuf {
    archive_with(&target().join("peers"), &["--features=peers"])
}

fn archive_with(target: &Path, options: &[&str]) -> PathBuf {
    run(Command::new(env!("CARGO"))
        .current_dir(root().join("benches/measure"))
        .env("RUSTFLAGS", "-Crelocation-model=static")
        .args(["build", "--quiet", "--release", "--target-dir"])
        .arg(target)
        .args(options));
    target.join("release/libtsd_measure.a")
}

/// `libtsd.a` and its headers, as users install them for this machine.
#[derive(Debug)]
pub struct Installed {
    prefix: PathBuf,
    suffix: String,
}

impl Installed {
    /// Installs them: for a thread pointer, or for a hook.
    ///
    /// `exit_functions` is part of the symbols' names, so that archives with different numbers can be in one program.
    #[must_use]
    pub fn new(name: &str, thread_pointer: Option<&str>, exit_functions: u32) -> Self {
        let prefix = target().join("install").join(name);
        let options = install::Options {
            numbers: Numbers { exit_functions, ..Numbers::default() },
            thread_pointer: thread_pointer.and_then(ThreadPointer::parse),
            may_install: true,
            ..install::Options::new(Target::host(), prefix.clone())
        };
        if let Err(error) = install::run(&options) {
            eprintln!("tsd-bench: {error}");
            exit(error.status().into());
        }
        Self { prefix, suffix: install::archive::suffix(&options) }
    }

    /// The file.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.prefix.join("lib/libtsd.a")
    }

    /// The compiler's option for the headers.
    #[must_use]
    pub fn include(&self) -> String {
        format!("-I{}", self.prefix.join("include").display())
    }

    /// The compiler's option that gives the end of the symbols' names as a macro.
    #[must_use]
    pub fn suffix(&self, name: &str) -> String {
        format!("-D{name}=\"{}\"", self.suffix)
    }
}

/// A source of `measure/`.
#[must_use]
pub fn source(name: &str) -> PathBuf {
    root().join("benches/measure").join(name)
}

/// Compiles a source of `measure/`; the object file.
#[must_use]
pub fn object(name: &str, compiler: &str, options: &[&str], source_name: &str) -> PathBuf {
    let object = target().join(name).with_extension("o");
    let mut command = command::of(compiler);
    command.args(["-O2", "-fno-pie", "-pthread", "-c"]).args(options).arg(source(source_name)).arg("-o").arg(&object);
    run(&mut command);
    object
}

/// Builds a program from sources, objects and archives, in their order; its path.
#[must_use]
pub fn program(name: &str, compiler: &str, options: &[&str], files: &[PathBuf]) -> PathBuf {
    let program = target().join(name);
    let mut command = command::of(compiler);
    command.args(["-O2", "-no-pie", "-pthread"]).args(options).args(files).arg("-o").arg(&program);
    run(&mut command);
    program
}

/// Runs a command, and ends this program if it can't be run or fails.
fn run(command: &mut Command) {
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => {
            eprintln!("tsd-bench: {command:?}: {status}");
            exit(1);
        }
        Err(error) => {
            eprintln!("tsd-bench: {:?}: {error}; apt-get install gcc libc6-dev musl-tools", command.get_program());
            exit(2);
        }
    }
}
