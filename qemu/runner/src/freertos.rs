//! FreeRTOS, unmodified, with the library in each task's control block: images for QEMU's Cortex-M3 board, and a
//! program of the host by FreeRTOS's simulator.
//!
//! The suite's image has the shared suite and the storm in Rust, as a library that is linked with FreeRTOS; one more is
//! compiled for a CPU without compare-and-swap, whose instructions that board has, too. The others are in C and link `libtsd.a`, as docs/porting/freertos.md has it. FreeRTOS's sources lie in a package of cargo's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    command,
    error::{Error, Result},
    image,
    install::{self, Target},
    microbit,
    qemu::{self, Limits, Outcome},
    setup::{self, Wants},
    toolchain::Toolchain,
    tools::{self, Tool},
    workspace,
};

/// The compiler's target.
pub const TARGET: &str = "thumbv7m-none-eabi";
/// FreeRTOS, but for what it knows of the CPU.
const KERNEL_FILES: [&str; 4] = ["tasks.c", "queue.c", "list.c", "portable/MemMang/heap_4.c"];
const BOARD_FILES: &[&str] = &["board/board.c", "board/startup.c"];

/// What FreeRTOS knows of a CPU.
struct Port {
    folders: &'static [&'static str],
    files: &'static [&'static str],
}

const CORTEX_M0: Port = Port {
    folders: &["portable/GCC/ARM_CM0"],
    files: &["portable/GCC/ARM_CM0/port.c", "portable/GCC/ARM_CM0/portasm.c"],
};

const CORTEX_M3: Port = Port { folders: &["portable/GCC/ARM_CM3"], files: &["portable/GCC/ARM_CM3/port.c"] };

const SIMULATOR: Port = Port {
    folders: &["portable/ThirdParty/GCC/Posix", "portable/ThirdParty/GCC/Posix/utils"],
    files: &["portable/ThirdParty/GCC/Posix/port.c", "portable/ThirdParty/GCC/Posix/utils/wait_for_event.c"],
};

/// The status with which the kernel has QEMU end when all is well.
const SUCCESS: i32 = 0;

/// The board's compiler, and what it is told of the language.
type Language = (&'static Tool, &'static str);
const C: Language = (&tools::ARM_GCC, "-std=gnu11");
const CXX: Language = (&tools::ARM_GXX, "-std=gnu++17");

/// What is booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The shared suite and the storm.
    Suite,
    /// The same, compiled for a CPU without compare-and-swap.
    SuiteWithoutCompareAndSwap,
    /// The cases in C.
    Tasks,
    /// The cases in C that do without a board, on FreeRTOS's simulator: a program of the host.
    Posix,
    /// The same as `Tasks`, with one step of the port forgotten: that word after `FORGOTTEN_` in `tests/freertos/tasks`.
    Without(&'static str),
}

/// Gets what the images take.
///
/// # Errors
/// As [`setup::prepare`], or QEMU is too old.
pub fn prepare(may_install: bool) -> Result<Toolchain> {
    let tools = [&[&tools::QEMU_ARM, &tools::ARM_GCC, &tools::ARM_GXX, &tools::GCC], &tools::ARCHIVE[..]].concat();
    let wants = Wants { machines: &[], targets: &[TARGET, microbit::TARGET], clippy: false, tools: &tools };
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
        let (library, headers) = match self {
            Self::Suite => (suite(toolchain, TARGET, &folder)?, None),
            Self::SuiteWithoutCompareAndSwap => (suite(toolchain, microbit::TARGET, &folder)?, None),
            Self::Posix => archive(&images.join("tsd-host"), "host")?,
            Self::Tasks | Self::Without(_) => archive(&images.join("tsd"), TARGET)?,
        };
        command::step(format_args!("building the FreeRTOS image {}", self.name()));
        let theirs = [&KERNEL_FILES[..], self.port().files].concat();
        let mut gcc = self.compiler(C, &kernel, headers.as_deref());
        command::run(gcc.arg("-c").args(theirs.iter().map(|file| kernel.join(file))).current_dir(&objects))?;
        let mut gcc = self.compiler(C, &kernel, headers.as_deref());
        if self.has_cxx() {
            let mut gxx = self.compiler(CXX, &kernel, headers.as_deref());
            gxx.args(["-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti", "-c"]);
            command::run(gxx.arg(folder_of_sources().join("tasks/objects.cc")).current_dir(&objects))?;
            gcc.arg(objects.join("objects.o"));
        }
        gcc.args(["-Wall", "-Wextra", "-Werror"]).args(self.own_sources());
        let object = |file: &&str| Path::new(file).file_stem().map(|stem| objects.join(stem).with_extension("o"));
        let file = folder.join("kernel.elf");
        gcc.args(theirs.iter().filter_map(object)).arg(library).arg("-o").arg(&file);
        if self == Self::Posix {
            gcc.arg("-pthread");
        } else {
            gcc.args(["-nostdlib", "-lgcc", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack"]);
            gcc.arg("-T").arg(workspace::root().join("linker/mps2-an385.ld"));
        }
        command::run(&mut gcc)?;
        Ok(file)
    }

    /// Boots `kernel`, which is this image, with `line` as its command line.
    ///
    /// # Errors
    /// QEMU can't be started. How the boot went is in the outcome.
    pub fn boot(self, kernel: &Path, line: &str, limits: Limits, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
        if self == Self::Posix {
            return qemu::run_for(&mut Command::new(kernel), SUCCESS, limits, sink);
        }
        qemu::run_for(&mut self.command(kernel, line), SUCCESS, limits, sink)
    }

    /// Returns the command that boots `kernel`, which is an image for the board, likewise.
    pub fn command(self, kernel: &Path, line: &str) -> Command {
        let mut qemu = command::of(tools::QEMU_ARM.command);
        qemu.args(["-M", "mps2-an385", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"]);
        let line = line.replace(',', ",,");
        qemu.args(["-semihosting-config", &format!("enable=on,target=native,arg=tsd-freertos,arg={line}")]);
        if !self.is_suite() {
            // An instruction takes longer than a cycle of the timer then, so that the timer can come before each.
            qemu.args(["-icount", "shift=6,sleep=off"]);
        }
        qemu.arg("-kernel").arg(kernel);
        qemu
    }

    fn name(self) -> String {
        match self {
            Self::Suite => "suite".into(),
            Self::SuiteWithoutCompareAndSwap => "suite-without-compare-and-swap".into(),
            Self::Tasks => "tasks".into(),
            Self::Posix => "posix".into(),
            Self::Without(step) => format!("without-{step}"),
        }
    }

    fn is_suite(self) -> bool {
        matches!(self, Self::Suite | Self::SuiteWithoutCompareAndSwap)
    }

    fn has_cxx(self) -> bool {
        matches!(self, Self::Tasks | Self::Without(_))
    }

    fn port(self) -> &'static Port {
        match self {
            Self::SuiteWithoutCompareAndSwap => &CORTEX_M0,
            Self::Posix => &SIMULATOR,
            _ => &CORTEX_M3,
        }
    }

    fn own_sources(self) -> Vec<PathBuf> {
        let cases = ["tasks/tsd_freertos.c", "tasks/cases.c", "tasks/main.c"];
        let of_board =
            ["tasks/counted.c", "tasks/deleted.c", "tasks/once.c", "tasks/preempted.c", "tasks/thread_local.c"];
        let own = match self {
            Self::Suite | Self::SuiteWithoutCompareAndSwap => [&["suite/glue.c"], BOARD_FILES].concat(),
            Self::Posix => [&["posix/board.c"], &cases[..]].concat(),
            Self::Tasks => [&cases[..], &of_board, BOARD_FILES].concat(),
            // Of two definitions the first counts.
            Self::Without("WAIT") => [&["tasks/forgotten_wait.c"], &cases[..], &of_board, BOARD_FILES].concat(),
            Self::Without(_) => [&cases[..], &of_board, BOARD_FILES].concat(),
        };
        own.iter().map(|file| folder_of_sources().join(file)).collect()
    }

    /// A language's compiler with what every file of the image is compiled with.
    fn compiler(self, language: Language, kernel: &Path, headers: Option<&Path>) -> Command {
        let (of_board, standard) = language;
        let mut gcc = command::of(if self == Self::Posix { tools::GCC.command } else { of_board.command });
        gcc.args([standard, "-O2", "-g"]);
        let own: &[&str] = match self {
            Self::Suite | Self::SuiteWithoutCompareAndSwap => &["", "board", "libc", "suite"],
            Self::Posix => &["", "posix", "tasks"],
            Self::Tasks | Self::Without(_) => &["", "board", "libc", "tasks"],
        };
        if self != Self::Posix {
            let cpu = if self == Self::SuiteWithoutCompareAndSwap { "-mcpu=cortex-m0" } else { "-mcpu=cortex-m3" };
            gcc.args(["-mthumb", cpu, "-mfloat-abi=soft", "-ffreestanding"]);
            // The loops in memcpy and memset are no calls of memcpy and memset.
            gcc.args(["-fno-tree-loop-distribute-patterns", "-ffunction-sections", "-fdata-sections"]);
        }
        if let Self::Without(step) = self {
            gcc.arg(format!("-DFORGOTTEN_{step}")).arg("-Wl,--allow-multiple-definition");
        }
        let own = own.iter().map(|folder| folder_of_sources().join(folder));
        let theirs = self.port().folders.iter().map(|folder| kernel.join(folder));
        let folders = own.chain(headers.map(Path::to_path_buf)).chain([kernel.join("include")]).chain(theirs);
        gcc.args(folders.flat_map(|folder| ["-I".into(), folder.into_os_string()]));
        gcc
    }
}

fn folder_of_sources() -> PathBuf {
    workspace::root().join("tests/freertos")
}

/// Installs the archive, and returns it with the folder of its headers.
fn archive(prefix: &Path, target: &str) -> Result<(PathBuf, Option<PathBuf>)> {
    let target = Target::named(target).ok_or_else(|| Error::failure(format!("{target} is no target")))?;
    let _lock = workspace::lock("freertos-tsd")?;
    install::run_if_changed(&install::Options::new(target, prefix.into()), &prefix.with_extension("stamp"))?;
    Ok((prefix.join("lib/libtsd.a"), Some(prefix.join("include"))))
}

/// Builds the suite as a library.
fn suite(toolchain: &Toolchain, target: &str, folder: &Path) -> Result<PathBuf> {
    let target_dir = folder.join("target");
    let mut cargo = toolchain.cargo("build", target);
    cargo.args(["--release", "--package", "tsd-freertos", "--target-dir"]).arg(&target_dir);
    // A task's block has room for no more.
    cargo.env("TSD_KEYS", image::DEFAULT_KEYS.to_string());
    Toolchain::hush(&mut cargo);
    command::run(&mut cargo)?;
    Ok(target_dir.join(target).join("release/libtsd_freertos.a"))
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
