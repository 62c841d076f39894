//! One build of the kernel: a target, code generation options, a number of keys.
//!
//! An image is built by a cargo of its own in a directory of its own, so that it neither waits for the lock of the
//! cargo that runs this program nor throws away what that one has built. Cargo is not asked where nothing has changed
//! since the image was built.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    command,
    error::{Error, Result},
    stamp::{self, Made},
    toolchain::Toolchain,
    workspace,
};

/// How the kernel is built for a kind of machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Image {
    /// The name of its directory.
    pub name: &'static str,
    /// The compiler's target.
    pub target: &'static str,
    /// Options for the compiler beyond those of the target.
    pub flags: &'static [&'static str],
}

/// Position-dependent, since nothing relocates a kernel that QEMU has loaded.
pub const X86_64: Image =
    Image { name: "x86_64", target: "x86_64-unknown-none", flags: &["-Crelocation-model=static"] };

/// With debug assertions.
pub const X86_64_CHECKED: Image = Image {
    name: "x86_64-checked",
    target: X86_64.target,
    flags: &["-Crelocation-model=static", "-Cdebug-assertions=on"],
};

/// For processors with load/store-exclusive instructions.
pub const AARCH64: Image = Image { name: "aarch64", target: "aarch64-unknown-none-softfloat", flags: &[] };

/// For processors with atomic instructions.
pub const AARCH64_LSE: Image =
    Image { name: "aarch64-lse", target: "aarch64-unknown-none-softfloat", flags: &["-Ctarget-feature=+lse"] };

/// For processors without floating point, so that no handler has to save its registers.
pub const RISCV64: Image = Image { name: "riscv64", target: "riscv64imac-unknown-none-elf", flags: &[] };

/// The first and the last with counters for coverage, which the kernel prints at the end of a run.
pub const WITH_COUNTERS: [Image; 2] = [
    Image {
        name: "x86_64-coverage",
        flags: &[X86_64.flags[0], COUNTERS[0], COUNTERS[1], "-Zno-profiler-runtime"],
        ..X86_64
    },
    Image {
        name: "aarch64-coverage",
        flags: &[AARCH64_LSE.flags[0], COUNTERS[0], COUNTERS[1], "-Zno-profiler-runtime"],
        ..AARCH64_LSE
    },
];

/// The compiler's options for counters. What begins with `-Z` it takes only when told so.
pub const COUNTERS: [&str; 2] = ["-Cinstrument-coverage", "-Zcoverage-options=branch"];

/// The targets of the images.
pub const TARGETS: [&str; 3] = [X86_64.target, AARCH64.target, RISCV64.target];

/// Number of keys in an image unless the caller says otherwise: POSIX's `_POSIX_THREAD_KEYS_MAX`.
pub const DEFAULT_KEYS: u32 = 128;

/// Which numbers of keys the library can be built for, in the words of an error message.
pub const KEYS_ALLOWED: &str = "1 to 64, or a multiple of 64 up to 4096";

/// Returns whether the library can be built for `keys` keys.
pub fn is_allowed(keys: u32) -> bool {
    matches!(keys, 1..=64) || keys <= 4096 && keys != 0 && keys.is_multiple_of(64)
}

impl Image {
    /// Builds the image for `keys` keys, if something changed since the last time, and returns the file.
    ///
    /// # Errors
    /// The kernel does not compile: one line, then the compiler's output.
    pub fn build(&self, toolchain: &Toolchain, keys: u32) -> Result<PathBuf> {
        self.build_with(toolchain, keys, None)
    }

    /// The same of a kernel that writes down what happens on each CPU.
    ///
    /// # Errors
    /// As [`Image::build`].
    pub fn build_tracing(&self, toolchain: &Toolchain, keys: u32) -> Result<PathBuf> {
        self.build_with(toolchain, keys, Some("trace"))
    }

    fn build_with(&self, toolchain: &Toolchain, keys: u32, feature: Option<&str>) -> Result<PathBuf> {
        let images = workspace::images_dir()?;
        let name = [Some(self.name), feature].into_iter().flatten().collect::<Vec<_>>().join("-");
        let file = images.join(format!("{name}-{keys}.elf"));
        // Held until the file is in place: another process may want the same image, or other keys in the same
        // directory.
        let _lock = workspace::lock(self.name)?;
        let mut cargo = self.cargo(toolchain, "build")?;
        cargo.env("TSD_KEYS", keys.to_string());
        cargo.args(feature.map(|feature| format!("--features={feature}")));
        let stamp = images.join(format!("{name}-{keys}.stamp"));
        stamp::make(&stamp, &toolchain.recipe(&cargo), || {
            Toolchain::hush(&mut cargo);
            command::run_step(format_args!("building the {} kernel", self.name), &mut cargo)
                .map_err(|error| Error::failure(format!("the {} image can't be built: {error}", self.name)))?;
            let built = self.target_dir()?.join(self.target).join("release/tsd-kernel");
            replace(&built, &file).map_err(|error| Error::of_file("kept", &file, &error))?;
            Ok(Made { files: vec![file.clone()], inputs: toolchain.inputs(&built.with_extension("d"))? })
        })?;
        Ok(file)
    }

    /// Builds another kernel of the workspace as this image has it, and returns the file.
    ///
    /// # Errors
    /// As [`Image::build`].
    pub fn build_package(&self, toolchain: &Toolchain, package: &str) -> Result<PathBuf> {
        let _lock = workspace::lock(self.name)?;
        let mut cargo = self.cargo_of(toolchain, "build", package)?;
        Toolchain::hush(&mut cargo);
        command::run(&mut cargo)
            .map_err(|error| Error::failure(format!("{package} can't be built for {}: {error}", self.name)))?;
        Ok(self.target_dir()?.join(self.target).join("release").join(package))
    }

    /// Returns a command of cargo's for the kernel as this image has it.
    pub(crate) fn cargo(&self, toolchain: &Toolchain, verb: &str) -> Result<Command> {
        self.cargo_of(toolchain, verb, "tsd-kernel")
    }

    /// Returns one for another kernel of the workspace.
    pub(crate) fn cargo_of(&self, toolchain: &Toolchain, verb: &str, package: &str) -> Result<Command> {
        let mut cargo = toolchain.cargo(verb, self.target);
        cargo.args(["--release", "--package", package, "--target-dir"]).arg(self.target_dir()?);
        if !self.flags.is_empty() {
            let quoted: Vec<String> = self.flags.iter().map(|flag| format!("\"{flag}\"")).collect();
            cargo.arg(format!("--config=target.{}.rustflags=[{}]", self.target, quoted.join(",")));
            if self.flags.iter().any(|flag| flag.starts_with("-Z")) {
                cargo.env("RUSTC_BOOTSTRAP", "1");
            }
        }
        Ok(cargo)
    }

    fn target_dir(&self) -> Result<PathBuf> {
        Ok(workspace::images_dir()?.join(self.name))
    }
}

/// Puts a copy of `built` at `file` in one step: a machine that boots the old file keeps it whole.
fn replace(built: &Path, file: &Path) -> io::Result<()> {
    if fs::read(file).ok() == Some(fs::read(built)?) {
        return Ok(());
    }
    let copy = file.with_extension("new");
    fs::copy(built, &copy)?;
    fs::rename(&copy, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_keys() {
        for keys in [1, 2, 63, 64, 128, 192, 1024, 4096] {
            assert!(is_allowed(keys), "{keys}");
        }
        for keys in [0, 65, 127, 129, 4095, 4097, 4160, u32::MAX] {
            assert!(!is_allowed(keys), "{keys}");
        }
    }

    #[test]
    fn file_is_replaced_only_when_it_differs() {
        let dir = workspace::images_dir().unwrap();
        let (built, file) = (dir.join("replace-test-built"), dir.join("replace-test.elf"));
        fs::write(&built, "one").unwrap();
        replace(&built, &file).unwrap();
        let first = fs::metadata(&file).unwrap().modified().unwrap();
        replace(&built, &file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), first);
        fs::write(&built, "two").unwrap();
        replace(&built, &file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        fs::remove_file(&built).unwrap();
        fs::remove_file(&file).unwrap();
    }
}
