//! `libtsd.a`.
//!
//! Each feature of the crate in `src/c` becomes one member. It is compiled by itself; what it needs of Rust's core
//! library is linked into it and everything else thrown away; then all symbols but ours are made local, and ours get
//! their final names. So members meet at C symbols only, and nothing of Rust is left to clash with another archive.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Options;
use crate::{
    command,
    error::{Error, Result},
    image, programs,
    toolchain::Toolchain,
    workspace,
};

/// Changes together with `TSD_ABI` in the header.
const ABI: u32 = 1;

/// A member of the archive.
#[derive(Debug)]
pub struct Member {
    /// The feature of the crate, and the file without its ending.
    pub name: &'static str,
    /// Its symbols carry names of a standard, which may be wanted without the prefix.
    pub is_family: bool,
    /// Its symbols give way to the kernel's.
    is_default: bool,
}

const fn member(name: &'static str) -> Member {
    Member { name, is_family: false, is_default: false }
}

const fn family(name: &'static str) -> Member {
    Member { name, is_family: true, is_default: false }
}

const fn default(name: &'static str) -> Member {
    Member { name, is_family: false, is_default: true }
}

/// All of them.
pub const MEMBERS: [Member; 15] = [
    member("core"),
    member("table"),
    member("options"),
    member("functions"),
    member("notify"),
    member("once"),
    member("listing"),
    default("wait"),
    default("wake"),
    family("posix"),
    family("c11"),
    family("cxx"),
    family("tls"),
    family("fls"),
    family("last_error"),
];

/// Bitcode and notes of the compiler; groups that have lost their sections, which GNU's linker does not take; and the
/// figures, which are in the header by then.
const THROWN_AWAY: [&str; 6] = [".comment", ".llvmbc", ".llvmcmd", ".llvm_addrsig", ".group", ".tsd_figures"];

/// Symbols that assembly and Rust share within a member.
const PRIVATE: [&str; 5] =
    ["tsd_figures", "tsd_notification_bounds", "tsd_once_begin", "tsd_once_end", "tsd_once_unwind"];

/// What was built.
#[derive(Debug)]
pub struct Archive {
    /// The file.
    pub file: PathBuf,
    /// Sizes and offsets, as `FIGURES` in `src/c/space.rs` has them.
    pub figures: Vec<u32>,
}

/// Builds the archive in the target directory.
///
/// # Errors
/// A command fails or a file can't be read or written.
pub fn build(options: &Options, toolchain: &Toolchain) -> Result<Archive> {
    let dir = workspace::images_dir()?.join(format!("c-{}", options.target.triple));
    let _lock = workspace::lock(&format!("c-{}", options.target.triple))?;
    let build = Build { options, toolchain, members: dir.join("members"), dir };
    fs::create_dir_all(&build.members).map_err(|error| Error::of_file("made", &build.members, &error))?;

    let figures = build.dir.join("figures");
    let mut objects = Vec::new();
    for member in &MEMBERS {
        let linked = build.link(member)?;
        if member.name == "core" {
            let mut objcopy = command::of(programs::OBJCOPY.command);
            objcopy.arg(format!("--dump-section=.tsd_figures={}", figures.display())).arg(&linked).arg("/dev/null");
            command::run_quietly(&mut objcopy)?;
        }
        objects.push(build.finish(member, &linked)?);
    }
    let file = build.dir.join("libtsd.a");
    // The archiver adds to a file that is there.
    let _ = fs::remove_file(&file);
    command::run_quietly(command::of(programs::AR.command).arg("crsD").arg(&file).args(&objects))?;
    let figures = fs::read(&figures).map_err(|error| Error::of_file("read", &figures, &error))?;
    let figures =
        figures.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    Ok(Archive { file, figures })
}

/// The end of every symbol that is not a plain name.
pub fn suffix(options: &Options) -> String {
    let numbers = &options.numbers;
    format!("_v{ABI}_k{}_f{}_r{}", numbers.keys, numbers.exit_functions, numbers.rounds)
}

/// One build of the archive.
struct Build<'a> {
    options: &'a Options,
    toolchain: &'a Toolchain,
    dir: PathBuf,
    members: PathBuf,
}

impl Build<'_> {
    /// Compiles a member and links it with what it needs of Rust's core library.
    fn link(&self, member: &Member) -> Result<PathBuf> {
        let compiled = self.compile(member)?;
        let linked = self.members.join(format!("{}.linked.o", member.name));
        let mut linker = command::of(programs::LLD.command);
        linker.args(["-m", self.options.target.emulation, "--relocatable", "--gc-sections"]);
        for symbol in our_symbols(&compiled, true)? {
            linker.arg(format!("--undefined={symbol}"));
        }
        command::run_quietly(linker.arg(&compiled).arg("-o").arg(&linked))?;
        Ok(linked)
    }

    fn compile(&self, member: &Member) -> Result<PathBuf> {
        let Options { target, numbers, .. } = self.options;
        let pointer = self.options.thread_pointer.as_ref().filter(|pointer| pointer.gives_an_address());
        let mut cargo = self.toolchain.cargo("rustc", &target.triple);
        cargo.args(["--quiet", "--package", "tsd-c", "--profile", "archive", "--crate-type", "staticlib"]);
        cargo.arg(format!("--features={},panic-handler", member.name)).arg("--target-dir").arg(self.dir.join("target"));
        // An exception that meets a function without an unwind entry ends the program, which is better than to let it
        // pass through code that is not compiled for it.
        let mut flags = vec!["-Cforce-unwind-tables=no"];
        if let Some(pointer) = pointer {
            flags.push(super::THREAD_POINTER_CFG);
            cargo.envs(pointer.named());
        }
        if self.options.has_counters {
            flags.extend(image::COUNTERS);
            flags.push("-Zno-profiler-runtime");
            cargo.env("RUSTC_BOOTSTRAP", "1");
        }
        cargo.arg(format!("--config=target.{}.rustflags={flags:?}", target.triple));
        for (name, number) in numbers.named() {
            cargo.env(name, number.to_string());
        }
        command::run(&mut cargo)?;
        // The next member's build replaces the file.
        Ok(self.dir.join("target").join(&target.triple).join("archive/libtsd_c.a"))
    }

    /// Hides all symbols but ours and gives ours their final names.
    fn finish(&self, member: &Member, linked: &Path) -> Result<PathBuf> {
        let object = self.members.join(format!("tsd-{}.o", member.name));
        let mut objcopy = command::of(programs::OBJCOPY.command);
        objcopy.args(["--strip-debug", "--strip-unneeded"]);
        objcopy.args(THROWN_AWAY.iter().map(|section| format!("--remove-section={section}")));
        for symbol in our_symbols(linked, true)?.iter().filter(|symbol| !PRIVATE.contains(&symbol.as_str())) {
            objcopy.arg(format!("--keep-global-symbol={symbol}"));
            if member.is_default {
                objcopy.arg(format!("--weaken-symbol={symbol}"));
            }
        }
        let hidden = self.members.join(format!("{}.hidden.o", member.name));
        command::run_quietly(objcopy.arg(linked).arg(&hidden))?;

        let mut objcopy = command::of(programs::OBJCOPY.command);
        let defined = our_symbols(&hidden, true)?;
        for symbol in our_symbols(&hidden, false)? {
            let name = self.final_name(member, &symbol, defined.contains(&symbol));
            objcopy.arg(format!("--redefine-sym={symbol}={name}"));
        }
        command::run_quietly(objcopy.arg(&hidden).arg(&object))?;
        Ok(object)
    }

    fn final_name(&self, member: &Member, symbol: &str, is_defined: bool) -> String {
        if is_defined && member.is_family && self.options.plain_names {
            symbol.trim_start_matches("tsd_").into()
        } else {
            format!("{symbol}{}", suffix(self.options))
        }
    }
}

/// The global symbols of a file that are ours: those it defines, or those that it defines or wants.
fn our_symbols(file: &Path, only_defined: bool) -> Result<Vec<String>> {
    let mut nm = command::of(programs::NM.command);
    nm.args(["--no-llvm-bc", "--extern-only", "--format=just-symbols", "--quiet"]);
    if only_defined {
        nm.arg("--defined-only");
    }
    let names = command::answer(nm.arg(file))
        .ok_or_else(|| Error::failure(format!("the symbols of {} can't be read", file.display())))?;
    // Lines that end with a colon name a file in an archive.
    let mut names: Vec<_> =
        names.lines().filter(|line| line.starts_with("tsd_") && !line.ends_with(':')).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    Ok(names)
}
