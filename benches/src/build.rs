//! Builds what is measured: the archive of `measure/`, and a C program that is linked with it.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use tsd_runner::install::{self, Numbers, Target};

/// The workspace.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the workspace")
}

/// Where the programs are built, apart from the workspace's own target folder and its lock.
fn target() -> PathBuf {
    root().join("target/measure")
}

/// Builds the archive of `measure/` as a kernel would be: link-time optimisation, and the table's address a constant. The
/// file.
#[must_use]
pub fn archive() -> PathBuf {
    run(Command::new(env!("CARGO"))
        .current_dir(root().join("benches/measure"))
        .env("RUSTFLAGS", "-Crelocation-model=static")
        .args(["build", "--quiet", "--release", "--target-dir"])
        .arg(target()));
    target().join("release/libtsd_measure.a")
}

/// Installs `libtsd.a` and its headers for this machine as users do. The prefix.
#[must_use]
pub fn install() -> PathBuf {
    let prefix = target().join("install/host");
    let options = install::Options {
        target: Target::host(),
        prefix: prefix.clone(),
        numbers: Numbers::default(),
        plain_names: false,
        thread_pointer: None,
        may_install: true,
    };
    if let Err(error) = install::run(&options) {
        eprintln!("tsd-bench: {error}");
        exit(error.status().into());
    }
    prefix
}

/// A source of `measure/`.
#[must_use]
pub fn source(name: &str) -> PathBuf {
    root().join("benches/measure").join(name)
}

/// Builds a program from sources and archives, in their order; its path.
#[must_use]
pub fn program(name: &str, compiler: &str, options: &[&str], files: &[PathBuf]) -> PathBuf {
    let program = target().join(name);
    let mut command = Command::new(compiler);
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
