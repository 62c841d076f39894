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

/// The compiler's target.
pub const TARGET: &str = "thumbv7m-none-eabi";
/// Where FreeRTOS keeps what it knows of the CPU.
const PORT_FOLDER: &str = "portable/GCC/ARM_CM3";
const PORT_FILE: &str = "portable/GCC/ARM_CM3/port.c";
/// The status with which the kernel has QEMU end when all is well.
const SUCCESS: i32 = 0;

/// What is booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The shared suite and the storm.
    Suite,
    /// The cases in C.
    Tasks,
    /// The same, with one step of the port forgotten: that word after `FORGOTTEN_` in `tests/freertos/tasks`.
    Without(&'static str),
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
        let images = workspace::images_dir()?.join("freertos");
        let folder = images.join(self.name());
        let objects = folder.join("objects");
        fs::create_dir_all(&objects).map_err(|error| Error::of_file("made", &objects, &error))?;
        // nextest has a process for each case.
        let _lock = workspace::lock_file(&folder.join("lock"))?;
        let kernel = kernel_sources(toolchain)?;
        let (library, headers) =
            if self == Self::Suite { (suite(toolchain, &folder)?, None) } else { archive(&images.join("tsd"))? };
        command::step(format_args!("building the FreeRTOS image {}", self.name()));
        let mut gcc = self.gcc(&kernel, headers.as_deref());
        gcc.args(
            ["tasks.c", "queue.c", "list.c", "portable/MemMang/heap_4.c", PORT_FILE].map(|file| kernel.join(file)),
        );
        command::run(gcc.arg("-c").current_dir(&objects))?;
        let mut gcc = self.gcc(&kernel, headers.as_deref());
        gcc.args(["-Wall", "-Wextra", "-Werror", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack"]);
        gcc.arg("-nostdlib").arg("-T").arg(workspace::root().join("linker/mps2-an385.ld")).args(self.own_sources());
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
        if self != Self::Suite {
            // An instruction takes longer than a cycle of the timer then, so that the timer can come before each.
            qemu.args(["-icount", "shift=6,sleep=off"]);
        }
        qemu.arg("-kernel").arg(kernel);
        qemu::run_for(&mut qemu, SUCCESS, limits, sink)
    }

    fn name(self) -> String {
        match self {
            Self::Suite => "suite".into(),
            Self::Tasks => "tasks".into(),
            Self::Without(step) => format!("without-{step}"),
        }
    }

    fn own_folder(self) -> &'static str {
        if self == Self::Suite { "suite" } else { "tasks" }
    }

    fn own_sources(self) -> Vec<PathBuf> {
        let own: &[&str] = match self {
            Self::Suite => &["suite/glue.c"],
            // Of two definitions the first counts.
            Self::Without("WAIT") => &["tasks/forgotten_wait.c"],
            Self::Tasks | Self::Without(_) => &[],
        };
        let tasks =
            ["tsd_freertos.c", "cases.c", "deleted.c", "preempted.c", "main.c"].map(|file| format!("tasks/{file}"));
        let tasks = tasks.iter().map(String::as_str).filter(|_| self != Self::Suite);
        let files = own.iter().copied().chain(tasks).chain(["board/board.c", "board/startup.c"]);
        files.map(|file| folder_of_sources().join(file)).collect()
    }

    /// The compiler with what every file of the image is compiled with.
    fn gcc(self, kernel: &Path, headers: Option<&Path>) -> Command {
        let mut gcc = command::of(tools::ARM_GCC.command);
        gcc.args(["-mthumb", "-mcpu=cortex-m3", "-mfloat-abi=soft", "-std=gnu11", "-O2", "-g", "-ffreestanding"]);
        // The loops in memcpy and memset are no calls of memcpy and memset.
        gcc.args(["-fno-tree-loop-distribute-patterns", "-ffunction-sections", "-fdata-sections"]);
        if let Self::Without(step) = self {
            gcc.arg(format!("-DFORGOTTEN_{step}")).arg("-Wl,--allow-multiple-definition");
        }
        let own = ["", "board", "libc", self.own_folder()].map(|folder| folder_of_sources().join(folder));
        let theirs = ["include", PORT_FOLDER].map(|folder| kernel.join(folder));
        let folders = own.into_iter().chain(headers.map(Path::to_path_buf)).chain(theirs);
        gcc.args(folders.flat_map(|folder| ["-I".into(), folder.into_os_string()]));
        gcc
    }
}

fn folder_of_sources() -> PathBuf {
    workspace::root().join("tests/freertos")
}

/// Installs the archive, and returns it with the folder of its headers.
fn archive(prefix: &Path) -> Result<(PathBuf, Option<PathBuf>)> {
    let target = Target::named(TARGET).ok_or_else(|| Error::failure(format!("{TARGET} is no target")))?;
    let _lock = workspace::lock("freertos-tsd")?;
    install::run_if_changed(&install::Options::new(target, prefix.into()), &prefix.with_extension("stamp"))?;
    Ok((prefix.join("lib/libtsd.a"), Some(prefix.join("include"))))
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
