//! `libtsd.a`.
//!
//! Each feature of the crate in `src/c` is compiled by itself and becomes one member, or one for each function. What
//! that needs of Rust's core library is linked into it and everything else thrown away; then all symbols but ours are
//! made local, and ours get their final names. So members meet at C symbols only, and nothing of Rust is left to clash
//! with another archive.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    slice,
};

use super::{
    landing,
    options::{MINIMAL_CFG, Options, THREAD_POINTER_CFG, ThreadPointer},
    registers, relocations,
};
use crate::{
    command,
    error::{Error, Result},
    image,
    toolchain::Toolchain,
    tools, workspace,
};

/// Changes together with `TSD_ABI` in the header.
const ABI: u32 = 1;

/// What one compilation gives.
#[derive(Debug)]
pub struct Part {
    /// The feature of the crate.
    pub name: &'static str,
    /// Its symbols carry names of a standard, which may be wanted without the prefix.
    pub is_family: bool,
    /// Each function is a member by itself, so that a program can bring its own in place of one.
    is_split: bool,
}

const fn part(name: &'static str) -> Part {
    Part { name, is_family: false, is_split: false }
}

const fn family(name: &'static str) -> Part {
    Part { name, is_family: true, is_split: true }
}

/// All of them.
pub const PARTS: [Part; 14] = [
    part("base"),
    part("key_space"),
    part("key_options"),
    part("exit_functions"),
    part("notifications"),
    part("once"),
    part("inspect"),
    family("posix"),
    family("c11"),
    family("cxx"),
    family("tls"),
    // The functions share a lock and a list.
    Part { name: "fls", is_family: true, is_split: false },
    family("last_error"),
    family("thread_local"),
];

/// Those of an archive of `install --minimal`.
pub const MINIMAL: [&str; 4] = ["base", "key_space", "posix", "c11"];

/// Bitcode and notes of the compiler; groups that have lost their sections, which GNU's linker does not take; the
/// figures, which are in the header by then; and what held on to unwind entries meanwhile.
const THROWN_AWAY: [&str; 7] =
    [".comment", ".llvmbc", ".llvmcmd", ".llvm_addrsig", ".group", ".tsd_figures", ".tsd_kept"];

/// Symbols that assembly and Rust share within a member.
const PRIVATE: [&str; 5] =
    ["tsd_figures", "tsd_notification_bounds", "tsd_once_begin", "tsd_once_end", "tsd_once_unwind"];

/// What was built.
#[derive(Debug)]
pub struct Archive {
    /// The file.
    pub file: PathBuf,
    /// Sizes and offsets, as `FIGURES` in `src/c/base.rs` has them.
    pub figures: Vec<u32>,
    /// What it was made from.
    pub(super) inputs: BTreeSet<PathBuf>,
}

/// Builds the archive in the target directory.
///
/// # Errors
/// A command fails or a file can't be read or written.
pub fn build(options: &Options, toolchain: &Toolchain) -> Result<Archive> {
    let dir = workspace::images_dir()?.join(format!("c-{}", options.target.triple));
    let _lock = workspace::lock(&format!("c-{}", options.target.triple))?;
    command::step(format_args!("building libtsd.a for {}, {} keys", options.target.triple, options.numbers.keys));
    let build = Build { options, toolchain, members: dir.join("members"), dir };
    fs::create_dir_all(&build.members).map_err(|error| Error::of_file("made", &build.members, &error))?;

    let figures = build.dir.join("figures");
    let mut objects = Vec::new();
    let mut inputs: BTreeSet<_> = tools::ARCHIVE.iter().filter_map(|tool| tool.find()).collect();
    for part in PARTS.iter().filter(|part| !options.is_minimal || MINIMAL.contains(&part.name)) {
        // The next part's build replaces the file, and the rule beside it.
        let compiled = build.compile(part)?;
        inputs.extend(toolchain.inputs(&compiled.with_extension("d"))?);
        let symbols = Symbols::of(&compiled)?.defined;
        if part.is_split {
            for symbol in &symbols {
                objects.push(build.member(
                    part,
                    symbol.trim_start_matches(PREFIX),
                    &compiled,
                    slice::from_ref(symbol),
                )?);
            }
        } else {
            objects.push(build.member(part, part.name, &compiled, &symbols)?);
        }
        if part.name == "base" {
            let mut objcopy = command::of(tools::OBJCOPY.command);
            objcopy.arg(format!("--dump-section=.tsd_figures={}", figures.display()));
            command::run_quietly(objcopy.arg(build.linked(part.name)).arg("/dev/null"))?;
        }
    }
    let file = build.dir.join("libtsd.a");
    // The archiver adds to a file that is there.
    let _ = fs::remove_file(&file);
    command::run_quietly(command::of(tools::AR.command).arg("crsD").arg(&file).args(&objects))?;
    let figures = fs::read(&figures).map_err(|error| Error::of_file("read", &figures, &error))?;
    let figures =
        figures.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    Ok(Archive { file, figures, inputs })
}

/// The end of every symbol that is not a plain name.
pub fn suffix(options: &Options) -> String {
    let numbers = &options.numbers;
    let pointer = options.thread_pointer.iter().flat_map(ThreadPointer::named).map(|(_, part)| format!("_{part}"));
    let pointer: String = pointer.collect();
    let minimal = if options.is_minimal { "_minimal" } else { "" };
    format!("_v{ABI}_k{}_f{}_r{}{pointer}{minimal}", numbers.keys, numbers.exit_functions, numbers.rounds)
}

/// One build of the archive.
struct Build<'a> {
    options: &'a Options,
    toolchain: &'a Toolchain,
    dir: PathBuf,
    members: PathBuf,
}

impl Build<'_> {
    fn compile(&self, part: &Part) -> Result<PathBuf> {
        let Options { target, numbers, .. } = self.options;
        let pointer = self.options.thread_pointer.as_ref().filter(|pointer| pointer.gives_an_address());
        let mut cargo = self.toolchain.cargo("rustc", &target.triple);
        Toolchain::hush(&mut cargo);
        cargo.args(["--package", "tsd-c", "--profile", "archive", "--crate-type", "staticlib"]);
        cargo.arg(format!("--features={},panic-handler", part.name)).arg("--target-dir").arg(self.dir.join("target"));
        // An exception that meets a function without an unwind entry ends the program, which is better than to let it
        // pass through code that is not compiled for it.
        let mut flags = vec!["-Cforce-unwind-tables=no"];
        flags.extend(relocations::options(target));
        flags.extend(registers::option(target));
        if self.options.is_minimal {
            flags.push(MINIMAL_CFG);
            cargo.arg("--config=profile.archive.opt-level=\"z\"");
        }
        if let Some(pointer) = pointer {
            flags.push(THREAD_POINTER_CFG);
            cargo.envs(pointer.named());
        }
        if self.options.has_counters {
            flags.extend(image::COUNTERS);
            flags.push("-Zno-profiler-runtime");
            cargo.env("RUSTC_BOOTSTRAP", "1");
        }
        if self.options.has_ibt {
            flags.push(landing::OPTION);
            cargo.env(landing::VARIABLE, "1");
        }
        flags.extend(self.options.rustflags.iter().map(String::as_str));
        cargo.arg(format!("--config=target.{}.rustflags={flags:?}", target.triple));
        for (name, number) in numbers.named() {
            cargo.env(name, number.to_string());
        }
        command::run_below(format_args!("compiling its part {}", part.name), &mut cargo)?;
        Ok(self.dir.join("target").join(&target.triple).join("archive/libtsd_c.a"))
    }

    /// Makes a member that has these symbols of what was compiled.
    fn member(&self, part: &Part, name: &str, compiled: &Path, symbols: &[String]) -> Result<PathBuf> {
        let linked = self.linked(name);
        let mut linker = command::of(tools::LLD.command);
        linker.args(["-m", self.options.target.emulation, "--relocatable", "--gc-sections"]);
        linker.args(symbols.iter().map(|symbol| format!("--undefined={symbol}")));
        linker.args(landing::NOTE.into_iter().filter(|_| self.options.has_ibt));
        command::run_quietly(linker.arg(compiled).arg("-o").arg(&linked))?;

        let object = self.members.join(format!("tsd-{name}.o"));
        let mut objcopy = command::of(tools::OBJCOPY.command);
        objcopy.args(["--strip-debug", "--strip-unneeded"]);
        objcopy.args(THROWN_AWAY.iter().map(|section| format!("--remove-section={section}")));
        let found = Symbols::of(&linked)?;
        for symbol in found.defined.iter().filter(|symbol| symbols.contains(symbol) && !PRIVATE.contains(&&***symbol)) {
            objcopy.arg(format!("--keep-global-symbol={symbol}"));
            objcopy.arg(format!("--redefine-sym={symbol}={}", self.final_name(part, symbol)));
        }
        for symbol in &found.wanted {
            objcopy.arg(format!("--redefine-sym={symbol}={symbol}{}", suffix(self.options)));
        }
        command::run_quietly(objcopy.arg(&linked).arg(&object))?;
        Ok(object)
    }

    fn linked(&self, name: &str) -> PathBuf {
        self.members.join(format!("{name}.linked.o"))
    }

    fn final_name(&self, part: &Part, symbol: &str) -> String {
        if part.is_family && self.options.plain_names {
            symbol.trim_start_matches(PREFIX).into()
        } else {
            format!("{symbol}{}", suffix(self.options))
        }
    }
}

/// In front of all our symbols.
const PREFIX: &str = "tsd_";

/// The global symbols of a file that are ours.
struct Symbols {
    defined: Vec<String>,
    wanted: Vec<String>,
}

impl Symbols {
    fn of(file: &Path) -> Result<Self> {
        let mut nm = command::of(tools::NM.command);
        let lines = command::answer(nm.args(["--no-llvm-bc", "--extern-only", "--format=posix", "--quiet"]).arg(file))
            .ok_or_else(|| Error::failure(format!("the symbols of {} can't be read", file.display())))?;
        let (mut defined, mut wanted) = (Vec::new(), Vec::new());
        // Lines without a type name a file in an archive.
        for (name, rest) in lines.lines().filter_map(|line| line.split_once(' ')) {
            let list = if rest.starts_with(['U', 'w']) { &mut wanted } else { &mut defined };
            if name.starts_with(PREFIX) {
                list.push(name.to_owned());
            }
        }
        for list in [&mut defined, &mut wanted] {
            list.sort();
            list.dedup();
        }
        wanted.retain(|name| !defined.contains(name));
        Ok(Self { defined, wanted })
    }
}
