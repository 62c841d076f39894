//! FreeRTOS, unmodified, with the library in each task's control block: two images for QEMU's Cortex-M3 board.
//!
//! The suite's has the shared suite and the storm in Rust, as a library that is linked with FreeRTOS. The tasks' is
//! in C and links `libtsd.a`, as docs/porting/freertos.md has it. FreeRTOS's sources lie in a package of cargo's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    command,
    error::{Error, Result},
    install::{self, Target},
    qemu::{self, Limits, Outcome},
    setup::{self, Wants},
    toolchain::Toolchain,
    tools, workspace,
};

const TARGET: &str = "thumbv7m-none-eabi";
/// The status with which the kernel has QEMU end when all is well.
const SUCCESS: i32 = 0;

/// What is booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The shared suite and the storm.
    Suite,
    /// The cases in C.
    Tasks,
}

/// Gets what both images take.
///
/// # Errors
/// As [`setup::prepare`], or QEMU is too old.
pub fn prepare(may_install: bool) -> Result<Toolchain> {
    let tools = [&[&tools::QEMU_ARM, &tools::ARM_GCC], &tools::ARCHIVE[..]].concat();
    let wants = Wants { machines: &[], targets: &[TARGET], clippy: false, tools: &tools };
    let toolchain = setup::prepare(wants, may_install)?;
    qemu::check_tool(&tools::QEMU_ARM)?;
    Ok(toolchain)
}

impl Image {
    /// Builds the image and returns the file.
    ///
    /// # Errors
    /// FreeRTOS can't be got, or something does not compile.
    pub fn build(self, toolchain: &Toolchain) -> Result<PathBuf> {
        // nextest has a process for each case.
        let _lock = workspace::lock(&format!("freertos-{}", self.name()))?;
        let folder = workspace::images_dir()?.join("freertos").join(self.name());
        fs::create_dir_all(&folder).map_err(|error| Error::of_file("made", &folder, &error))?;
        let kernel = kernel_sources(toolchain)?;
        let mut own = sources(&["board/board.c", "board/startup.c"]);
        let (library, headers) = match self {
            Self::Suite => {
                own.extend(sources(&["suite/glue.c"]));
                (suite(toolchain, &folder)?, None)
            }
            Self::Tasks => {
                own.extend(sources(&["tasks/tsd_freertos.c", "tasks/cases.c", "tasks/preempted.c", "tasks/main.c"]));
                let target = Target::named(TARGET).unwrap_or_else(|| unreachable!("it is a target"));
                let options = install::Options::new(target, folder.join("tsd"));
                install::run_if_changed(&options, &folder.join("tsd.stamp"))?;
                (options.prefix.join("lib/libtsd.a"), Some(options.prefix.join("include")))
            }
        };
        let headers: Vec<_> = headers.into_iter().collect();
        command::step(format_args!("building the FreeRTOS image {}", self.name()));
        let port = kernel.join("portable/GCC/ARM_CM3");
        let mut theirs = Command::new("");
        theirs.args(["tasks.c", "queue.c", "list.c", "portable/MemMang/heap_4.c"].map(|file| kernel.join(file)));
        theirs.arg(port.join("port.c"));
        let objects = folder.join("objects");
        fs::create_dir_all(&objects).map_err(|error| Error::of_file("made", &objects, &error))?;
        let mut gcc = self.gcc(&kernel, &headers);
        command::run(gcc.arg("-c").args(theirs.get_args()).current_dir(&objects))?;
        let mut gcc = self.gcc(&kernel, &headers);
        gcc.args(["-Wall", "-Wextra", "-Werror", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack"]);
        gcc.arg("-nostdlib").arg("-T").arg(workspace::root().join("linker/mps2-an385.ld")).args(own);
        gcc.args(["tasks.o", "queue.o", "list.o", "heap_4.o", "port.o"].map(|file| objects.join(file)));
        let file = folder.join("kernel.elf");
        command::run(gcc.arg(library).args(["-lgcc", "-o"]).arg(&file))?;
        Ok(file)
    }

    /// Boots `kernel`, which is this image, with `line` as its command line.
    ///
    /// # Errors
    /// QEMU can't be started. How the boot went is in the outcome.
    pub fn boot(self, kernel: &Path, line: &str, limits: Limits, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
        let mut qemu = command::of(tools::QEMU_ARM.command);
        qemu.args(["-M", "mps2-an385", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"]);
        let line = line.replace(',', ",,");
        qemu.args(["-semihosting-config", &format!("enable=on,target=native,arg=tsd-freertos,arg={line}")]);
        if self == Self::Tasks {
            // An instruction takes longer than a cycle of the timer then, so that the timer can come before each.
            qemu.args(["-icount", "shift=6,sleep=off"]);
        }
        qemu.arg("-kernel").arg(kernel);
        qemu::run_for(&mut qemu, SUCCESS, limits, sink)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Suite => "suite",
            Self::Tasks => "tasks",
        }
    }

    /// The compiler with what every file of the image is compiled with.
    fn gcc(self, kernel: &Path, headers: &[PathBuf]) -> Command {
        let mut gcc = command::of(tools::ARM_GCC.command);
        gcc.args(["-mthumb", "-mcpu=cortex-m3", "-mfloat-abi=soft", "-std=gnu11", "-O2", "-g", "-ffreestanding"]);
        // The loops in memcpy and memset are no calls of memcpy and memset.
        gcc.args(["-fno-tree-loop-distribute-patterns", "-ffunction-sections", "-fdata-sections"]);
        let own = ["", "board", "libc", self.name()].map(|folder| folder_of_sources().join(folder));
        let port = kernel.join("portable/GCC/ARM_CM3");
        let folders = own.into_iter().chain(headers.iter().cloned()).chain([kernel.join("include"), port]);
        gcc.args(folders.flat_map(|folder| ["-I".into(), folder.into_os_string()]));
        gcc
    }
}

fn folder_of_sources() -> PathBuf {
    workspace::root().join("tests/freertos")
}

fn sources(files: &[&str]) -> Vec<PathBuf> {
    files.iter().map(|file| folder_of_sources().join(file)).collect()
}

/// Builds the suite as a library.
fn suite(toolchain: &Toolchain, folder: &Path) -> Result<PathBuf> {
    let target_dir = folder.join("target");
    let mut cargo = toolchain.cargo("build", TARGET);
    cargo.args(["--release", "--package", "tsd-freertos", "--target-dir"]).arg(&target_dir);
    Toolchain::hush(&mut cargo);
    command::run(&mut cargo)?;
    Ok(target_dir.join(TARGET).join("release/libtsd_freertos.a"))
}

/// Returns where cargo has put FreeRTOS.
fn kernel_sources(toolchain: &Toolchain) -> Result<PathBuf> {
    let mut cargo = toolchain.host_cargo("metadata");
    cargo.args(["--format-version=1", "--filter-platform", TARGET, "--quiet"]);
    let metadata = command::output(&mut cargo)?;
    manifests(&metadata)
        .filter_map(|manifest| Some(Path::new(manifest).parent()?.join("FreeRTOS-Kernel")))
        .find(|folder| folder.join("tasks.c").is_file())
        .ok_or_else(|| Error::failure("cargo has no package with the sources of FreeRTOS"))
}

/// The packages' manifests, in what cargo says of them.
fn manifests(metadata: &str) -> impl Iterator<Item = &str> {
    metadata.split("\"manifest_path\":\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_read() {
        let metadata =
            r#"{"packages":[{"name":"a","manifest_path":"/p/a/Cargo.toml","x":1},{"manifest_path":"/b/Cargo.toml"}]}"#;
        assert_eq!(manifests(metadata).collect::<Vec<_>>(), ["/p/a/Cargo.toml", "/b/Cargo.toml"]);
    }
}
