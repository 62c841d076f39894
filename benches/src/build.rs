//! Builds what is measured: the archive of `measure/`, and a C program that is linked with it.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};

/// The workspace.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the workspace")
}

/// Where the programs are built, apart from the workspace's own target folder and its lock.
fn target() -> PathBuf {
    root().join("target/measure")
}

/// Builds the archive as a kernel would be: link-time optimisation, and the table's address a constant.
pub fn archive() {
    run(Command::new(env!("CARGO"))
        .current_dir(root().join("benches/measure"))
        .env("RUSTFLAGS", "-Crelocation-model=static")
        .args(["build", "--quiet", "--release", "--target-dir"])
        .arg(target()));
}

/// Builds `measure/SOURCE` with the archive; the program's path.
#[must_use]
pub fn program(name: &str, source: &str, compiler: &str, options: &[&str]) -> PathBuf {
    let program = target().join(name);
    run(Command::new(compiler)
        .args(["-O2", "-no-pie", "-pthread"])
        .args(options)
        .arg(root().join("benches/measure").join(source))
        .arg(target().join("release/libtsd_measure.a"))
        .arg("-o")
        .arg(&program));
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
