//! What a kernel links of an archive: a small one is compiled and linked, with `--gc-sections`, and its sections are
//! looked at.

use std::fs;

use super::{Numbers, Options, Target, run};
use crate::{
    command,
    error::{Error, Result},
    toolchain::Toolchain,
    tools, workspace,
};

/// Keys of the archives.
pub const KEYS: u32 = 8;

/// The targets that a kernel can be linked for, and what clang is told.
const TARGETS: [(&str, &[&str]); 9] = [
    ("thumbv7m", &["--target=thumbv7m-none-eabi", "-mcpu=cortex-m3"]),
    ("thumbv6m", &["--target=thumbv6m-none-eabi", "-mcpu=cortex-m0"]),
    ("armv7a", &["--target=armv7a-none-eabi", "-mfloat-abi=soft"]),
    ("i686", &["--target=i686-unknown-none-elf", "-mno-sse"]),
    ("riscv32", &["--target=riscv32-unknown-elf", "-march=rv32imac", "-mabi=ilp32"]),
    ("riscv32imc", &["--target=riscv32-unknown-elf", "-march=rv32imc", "-mabi=ilp32"]),
    ("riscv64", &["--target=riscv64-unknown-elf", "-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"]),
    ("aarch64", &["--target=aarch64-none-elf", "-mgeneral-regs-only"]),
    ("x86_64", &["--target=x86_64-unknown-none-elf", "-mno-red-zone", "-mno-sse"]),
];

/// The sections of the archive's code and constants, those of its data that begins with values, and those that begin
/// with zeros. The kernel's own have other names.
const CODE: [&str; 3] = [".text", ".rodata", ".srodata"];
const DATA: [&str; 2] = [".data", ".sdata"];
const ZEROS: [&str; 2] = [".bss", ".sbss"];

/// How many bytes there are of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Code, constants and initial values of data.
    pub flash: u64,
    /// Data.
    pub ram: u64,
    /// Of each thread: `tsd_thread_t`.
    pub thread: u64,
}

/// Returns the short names of the targets.
pub fn targets() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|(target, _)| *target)
}

/// Returns what the compiler of the archives calls itself.
pub fn compiler() -> Option<String> {
    command::answer(Toolchain::current()?.rustc().arg("--version"))
}

/// Returns a target's row of the table in docs/sizes.md: the usual archive, and the minimal one.
///
/// # Errors
/// As [`bytes`].
pub fn row(target: &str) -> Result<String> {
    let cells = [false, true].map(|is_minimal| {
        bytes(target, is_minimal).map(|Linked { flash, ram, thread }| format!("{flash} | {ram} | {thread}"))
    });
    let [usual, minimal] = cells;
    Ok(format!("| {target} | {} | {} |", usual?, minimal?))
}

/// Installs an archive, and links a kernel that creates, deletes, gets and sets keys by their POSIX names and ends
/// threads.
///
/// # Errors
/// The target is not one of [`targets`]; a command fails; what it prints can't be read.
pub fn bytes(target: &str, is_minimal: bool) -> Result<Linked> {
    let unknown = || Error::usage(format!("no kernel is linked for {target}"));
    let (_, clang) = TARGETS.iter().find(|(name, _)| *name == target).ok_or_else(unknown)?;
    let target = Target::named(target).ok_or_else(unknown)?;
    let kind = if is_minimal { "minimal" } else { "usual" };
    let dir = workspace::images_dir()?.join("linked").join(format!("{}-{kind}", target.triple));
    let numbers = Numbers { keys: KEYS, ..Numbers::default() };
    let numbers = if is_minimal { Numbers { exit_functions: 0, notifications: 0, ..numbers } } else { numbers };
    let options = Options { numbers, is_minimal, may_install: true, ..Options::new(target, dir.clone()) };
    run(&options)?;

    let (object, kernel) = (dir.join("kernel.o"), dir.join("kernel"));
    let mut compiler = command::of(tools::CLANG.command);
    compiler.args(*clang).args(["-std=c11", "-Os", "-ffreestanding", "-fno-pic", "-fno-asynchronous-unwind-tables"]);
    compiler.arg("-I").arg(dir.join("include")).arg("-c").arg(workspace::root().join("benches/measure/linked.c"));
    command::run_quietly(compiler.arg("-o").arg(&object))?;
    let mut linker = command::of(tools::LLD.command);
    linker.args(["-m", options.target.emulation, "--gc-sections", "--entry=kernel"]).arg(&object);
    command::run_quietly(linker.arg(dir.join(super::layout::ARCHIVE)).arg("-o").arg(&kernel))?;

    let sections = command::output(command::of(tools::OBJDUMP.command).arg("--section-headers").arg(&kernel))?;
    let [code, data, zeros] = [&CODE[..], &DATA, &ZEROS].map(|names| of_sections(&sections, names));
    let config = dir.join("include/tsd/config.h");
    let text = fs::read_to_string(&config).map_err(|error| Error::of_file("read", &config, &error))?;
    let thread = text.lines().find_map(|line| line.strip_prefix("#define TSD_SIZEOF_THREAD ")?.parse().ok());
    let thread =
        thread.ok_or_else(|| Error::failure(format!("{} does not say how large a thread is", config.display())))?;
    Ok(Linked { flash: code + data, ram: data + zeros, thread })
}

/// The bytes of the sections with these names, or names that begin so and go on with a dot.
fn of_sections(headers: &str, names: &[&str]) -> u64 {
    let is_chosen = |name: &str| {
        names.iter().any(|start| name.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let sizes = headers.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let name = words.next()?;
        let size = u64::from_str_radix(words.next()?, 16).ok()?;
        is_chosen(name).then_some(size)
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_chosen_by_their_names() {
        let headers = "Idx Name          Size     VMA      Type\n  1 .text         00000400 00020000 TEXT\n  \
                       2 .text.hot     00000010 00020400 TEXT\n  3 .textual      00000001 00020500 TEXT\n  \
                       4 kernel_code   00000008 00020600 TEXT\n  5 .bss          00000058 00030000 BSS\n";
        assert_eq!(of_sections(headers, &CODE), 0x410);
        assert_eq!(of_sections(headers, &ZEROS), 0x58);
        assert_eq!(of_sections(headers, &DATA), 0);
    }
}
