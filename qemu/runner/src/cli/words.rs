//! The commands and their options, as they are typed and as `--help` of each shows them.

use std::{ffi::OsString, ops::RangeInclusive, path::PathBuf};

use clap::{Args, CommandFactory, Parser};

use super::request::{Command, Request, TYPED, wrong};
use crate::{
    demo,
    error::Result,
    evidence::{self, Kind},
    image,
    install::{self, Numbers, Target, ThreadPointer},
    machine::{Arch, BootOptions},
    program, status, storm, timeline,
};

/// How options that take no word of a list are read.
type Read<T> = std::result::Result<T, String>;

const HELP: &str = "{about}\n\nUsage: {usage}\n\n{all-args}{after-help}\n";

const SET_UP: &str = "\
What is missing (a compiler for the bare-metal targets, QEMU, a linker) is installed with rustup
or the system's apt where that needs no password and removes nothing, else unpacked into
target/private, or into the folder that the variable TSD_PRIVATE names.";

/// tsd: boots the test kernel, runs programs in it, installs the C archive
#[derive(Debug, Parser)]
#[command(name = TYPED, help_template = HELP, after_help = format!("{SET_UP}\n\n{}", status::OF_ALL))]
#[command(override_usage = format!("{} [COMMAND] [OPTIONS]", TYPED))]
#[command(version, disable_help_subcommand = true, args_override_self = true)]
pub(super) struct Line {
    #[command(subcommand)]
    pub(super) command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
#[command(help_template = HELP)]
pub(super) enum Subcommand {
    Demo(Demo),
    Program(Program),
    Storm(Storm),
    Install(Install),
    Lint(Lint),
    Evidence(Evidence),
}

/// A request server inside the kernel, on each architecture, figures side by side (default)
#[derive(Debug, Args)]
#[command(help_template = HELP, after_help = format!("The server takes {} keys or more.", demo::MIN_KEYS))]
pub(super) struct Demo {
    /// Requests to serve, 1 to 1000000
    #[arg(long, value_name = "N", default_value_t = DEFAULT_REQUESTS, value_parser = |word: &str| number(word, 1..=MAX_REQUESTS))]
    requests: u32,
    /// File for a trace that Chrome and ui.perfetto.dev show: CPUs, threads, rounds, destructors
    #[arg(long, value_name = "FILE.json")]
    trace: Option<PathBuf>,
    /// File for a picture of it, of the first machine
    #[arg(long, value_name = "FILE.svg")]
    timeline: Option<PathBuf>,
    #[command(flatten)]
    boot: Boot,
}

/// Compiles and runs a C or C++ program in the kernel
#[derive(Debug, Args)]
#[command(help_template = HELP, after_help = format!("{PROGRAM}\n\n{}", status::OF_PROGRAM))]
#[command(override_usage = "cargo run -- program FILE... [OPTIONS] [COMPILER'S OPTIONS] [-- ARGUMENT...]")]
pub(super) struct Program {
    /// C files: .c; C++ files: .cc .cpp .cxx .C; assembly: .S
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Keys of the program, one of which is for errno
    #[arg(long, value_name = "N", default_value_t = program::DEFAULT_KEYS, value_parser = keys)]
    keys: u32,
    /// Rounds of destructors: PTHREAD_DESTRUCTOR_ITERATIONS
    #[arg(long, value_name = "N", default_value_t = Numbers::default().rounds, value_parser = rounds)]
    rounds: u32,
    /// Seconds that it may run
    #[arg(long, value_name = "N", default_value_t = program::DEFAULT_SECONDS, value_parser = |word: &str| number(word, 1..=u32::MAX))]
    seconds: u32,
    #[command(flatten)]
    machines: Machines,
    #[command(flatten)]
    common: Common,
}

const PROGRAM: &str = "\
The compiler's options begin with one dash: -I DIR, -D NAME, -O3, -std=c11. Runs on x86_64,
aarch64 and riscv64; the first status that is not 0 ends it. The program's own arguments follow --,
and may have blanks and quotes, or be empty. fork, signal handlers, files and sockets are ENOSYS.";

/// Threads and keys that come and go under preemption at random intervals
#[derive(Debug, Args)]
#[command(help_template = HELP, after_help = "On x86_64, on aarch64 with and without atomic instructions, and on riscv64. Each value is accounted\nfor, each kind of event is counted. A storm that fails says how to repeat it. It takes 64 keys or more.")]
pub(super) struct Storm {
    /// Seconds that each storm lasts
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = |word: &str| number(word, 1..=MAX_STORM_SECONDS))]
    seconds: u32,
    /// What decides all threads and timers [default: drawn]
    #[arg(long, value_name = "N", value_parser = |word: &str| number(word, 0..=u32::MAX))]
    seed: Option<u32>,
    #[command(flatten)]
    boot: Boot,
}

/// libtsd.a, headers, pkg-config and CMake files for C and C++ kernels
#[derive(Debug, Args)]
#[command(help_template = HELP, after_help = "What else the compiler is to be told comes from the variable RUSTFLAGS.")]
pub(super) struct Install {
    /// host, x86_64, i686, aarch64, armv7a, riscv64, riscv32, riscv32imc, thumbv7m, thumbv6m, or a target of rustc
    #[arg(long, value_parser = target)]
    target: Target,
    /// Folder that gets lib and include
    #[arg(long, value_name = "DIR")]
    prefix: PathBuf,
    #[command(flatten)]
    keys: Keys,
    /// Rounds of destructors
    #[arg(long, value_name = "N", default_value_t = Numbers::default().rounds, value_parser = rounds)]
    rounds: u32,
    /// Room for thread-exit functions
    #[arg(long, value_name = "N", default_value_t = Numbers::default().exit_functions, value_parser = count)]
    exit_functions: u32,
    /// Room for notifications
    #[arg(long, value_name = "N", default_value_t = Numbers::default().notifications, value_parser = count)]
    notifications: u32,
    /// REGISTER:OFFSET or REGISTER:AT:OFFSET, such as gs:0:64, by which code finds its thread: include/tsd/inline.h
    #[arg(long, value_name = "WHERE", value_parser = thread_pointer)]
    thread_pointer: Option<ThreadPointer>,
    /// No prefix before the families' names, for the host too
    #[arg(long)]
    plain_names: bool,
    /// Keys, values and thread exit alone, in as little code as can be: docs/targets.md
    #[arg(long, conflicts_with_all = ["exit_functions", "notifications"])]
    minimal: bool,
    /// endbr64 at what may be called by pointer, and the note that says so: docs/targets.md; x86_64 only
    #[arg(long)]
    ibt: bool,
    #[command(flatten)]
    common: Common,
}

/// Clippy on every bare-metal target, warnings as errors
#[derive(Debug, Args)]
#[command(help_template = HELP)]
pub(super) struct Lint {
    #[command(flatten)]
    common: Common,
}

/// What is checked beside the tests; writes its row of docs/evidence.md
#[derive(Debug, Args)]
#[command(help_template = HELP)]
pub(super) struct Evidence {
    /// interleavings, orderings, handlers, stepping, fuzz, sanitizers, mutants, coverage, storm or trace
    #[arg(value_name = "KIND", value_parser = kind)]
    kind: Kind,
    /// Seconds that the fuzzer runs [default: 600], or each storm lasts [default: 20]
    #[arg(long, value_name = "N", value_parser = |word: &str| number(word, 1..=u32::MAX))]
    seconds: Option<u32>,
    #[command(flatten)]
    common: Common,
}

/// Of the commands that boot the kernel alone.
#[derive(Debug, Args)]
struct Boot {
    #[command(flatten)]
    machines: Machines,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    common: Common,
}

/// Of every command that boots.
#[derive(Debug, Args)]
struct Machines {
    /// x86_64, aarch64 or riscv64 only [default: all]
    #[arg(long, value_name = "ARCH", value_parser = arch)]
    arch: Option<Arch>,
    /// CPUs, 1 to 8
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = |word: &str| number(word, 1..=MAX_CPUS))]
    cpus: u32,
}

#[derive(Debug, Args)]
struct Keys {
    /// Capacity of the key table: 1 to 64, or a multiple of 64 up to 4096
    #[arg(long, value_name = "N", default_value_t = image::DEFAULT_KEYS, value_parser = keys)]
    keys: u32,
}

/// Of every command.
#[derive(Debug, Args)]
struct Common {
    /// Show every command that is run and every line that a kernel prints
    #[arg(long)]
    verbose: bool,
    /// Never install anything, say what is missing instead (or set TSD_NO_INSTALL)
    #[arg(long)]
    no_install: bool,
}

pub(super) const DEFAULT_REQUESTS: u32 = 4000;
const MAX_REQUESTS: u32 = 1_000_000;
const MAX_STORM_SECONDS: u32 = 24 * 60 * 60;
const MAX_CPUS: u32 = 8;
const MAX_COUNT: u32 = 1024;

fn number(word: &str, allowed: RangeInclusive<u32>) -> Read<u32> {
    let number = word.parse().ok().filter(|number| allowed.contains(number));
    let in_words = || match *allowed.end() {
        u32::MAX if *allowed.start() > 0 => format!("{} or more", allowed.start()),
        end => format!("{} to {end}", allowed.start()),
    };
    number.ok_or_else(in_words)
}

fn count(word: &str) -> Read<u32> {
    number(word, 0..=MAX_COUNT)
}

fn rounds(word: &str) -> Read<u32> {
    number(word, 1..=MAX_COUNT)
}

fn keys(word: &str) -> Read<u32> {
    word.parse().ok().filter(|&keys| image::is_allowed(keys)).ok_or_else(|| image::KEYS_ALLOWED.into())
}

fn arch(word: &str) -> Read<Arch> {
    let found = Arch::ALL.into_iter().find(|arch| arch.name() == word);
    found.ok_or_else(|| "x86_64, aarch64 or riscv64".into())
}

fn target(word: &str) -> Read<Target> {
    Target::named(word).ok_or_else(|| Target::ALLOWED.into())
}

fn thread_pointer(word: &str) -> Read<ThreadPointer> {
    ThreadPointer::parse(word)
        .ok_or_else(|| "REGISTER:OFFSET or REGISTER:AT:OFFSET, offsets in decimal, as in gs:0:64".into())
}

fn kind(word: &str) -> Read<Kind> {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == word);
    found.ok_or_else(|| format!("one of {}", Kind::ALL.map(Kind::name).join(", ")))
}

/// What of `program`'s words is not its own.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// The compiler's options.
    flags: Vec<String>,
    /// The program's arguments.
    arguments: Vec<OsString>,
}

/// Options of the compiler that have their value in the next word.
const WITH_VALUE: [&str; 10] =
    ["-I", "-D", "-U", "-x", "-include", "-imacros", "-isystem", "-iquote", "-idirafter", "-Xclang"];
/// Those that would make something else than a program.
const NOT_TAKEN: [&str; 8] = ["-o", "-c", "-E", "-S", "-M", "-MM", "-MD", "-MF"];
/// How those for the linker begin: the program is linked as the images want it.
const FOR_THE_LINKER: [&str; 3] = ["-Wl,", "-Xlinker", "-T"];

/// Takes the compiler's options and the program's arguments out of the words of `program`.
pub(super) fn split(words: &mut Vec<OsString>) -> Result<Split> {
    let mut split = Split::default();
    let mut rest = std::mem::take(words).into_iter();
    let refused = |message: String| wrong("program", &message);
    while let Some(word) = rest.next() {
        let shown = word.to_string_lossy().into_owned();
        if shown == "--" {
            split.arguments = rest.by_ref().collect();
        } else if !shown.starts_with('-') || shown.starts_with("--") || shown == "-h" {
            words.push(word);
        } else if NOT_TAKEN.contains(&shown.as_str()) {
            return Err(refused(format!("{shown} is not for a program that is run")));
        } else if FOR_THE_LINKER.iter().any(|start| shown.starts_with(start)) {
            return Err(refused(format!("{shown}: how a program is linked can't be changed")));
        } else if WITH_VALUE.contains(&shown.as_str()) {
            let value = rest.next().ok_or_else(|| refused(format!("{shown} takes a value")))?;
            split.flags.extend([shown, value.to_string_lossy().into_owned()]);
        } else {
            split.flags.push(shown);
        }
    }
    Ok(split)
}

/// Makes sure that there are such files, and that the compiler will take them for programs.
fn check_sources(files: &[PathBuf], flags: &[String]) -> Result<()> {
    // The compiler is told what they are, whatever they are called.
    let is_told = flags.iter().any(|flag| flag.starts_with("-x"));
    for (index, file) in files.iter().enumerate() {
        let shown = file.display();
        let message = if !file.exists() {
            format!("no such file: {shown}")
        } else if !file.is_file() {
            format!("{shown} is no regular file")
        } else if !is_told && !program::is_source(file) {
            format!("{shown} is no C or C++ file (.c .cc .cpp .cxx .C), nor assembly (.S)")
        } else {
            continue;
        };
        let hint = if index == 0 { "" } else { "; the program's own arguments follow `--`" };
        return Err(wrong("program", &(message + hint)));
    }
    Ok(())
}

fn require_keys(command: &str, what: &str, keys: u32, least: u32) -> Result<()> {
    if keys >= least { Ok(()) } else { Err(wrong(command, &format!("{what} takes {least} keys or more, not {keys}"))) }
}

impl Subcommand {
    /// The names of all.
    pub(super) fn names() -> Vec<String> {
        Line::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    pub(super) fn request(self, split: Split) -> Result<Request> {
        let (command, is_verbose) = match self {
            Self::Demo(words) => {
                let boot = words.boot.options();
                require_keys("demo", "a demonstration", boot.keys, demo::MIN_KEYS)?;
                if words.trace.is_some() && words.trace == words.timeline {
                    return Err(wrong("demo", "--trace and --timeline can't write the same file"));
                }
                let files = timeline::Options { trace: words.trace, picture: words.timeline };
                (Command::Demo(boot, words.requests, files), words.boot.common.verbose)
            }
            Self::Program(words) => {
                let Split { flags, arguments } = split;
                check_sources(&words.files, &flags)?;
                let boot = words.machines.options(words.keys, &words.common);
                let Program { files: sources, rounds, seconds, .. } = words;
                let options = program::Options { sources, flags, arguments, boot, rounds, seconds };
                (Command::Program(options), words.common.verbose)
            }
            Self::Storm(words) => {
                let boot = words.boot.options();
                require_keys("storm", "a storm", boot.keys, storm::MIN_KEYS)?;
                let options = storm::Options { seconds: words.seconds, seed: words.seed };
                (Command::Storm(boot, options), words.boot.common.verbose)
            }
            Self::Install(words) => (Command::Install(words.options()), words.common.verbose),
            Self::Lint(words) => (Command::Lint { may_install: words.common.may_install() }, words.common.verbose),
            Self::Evidence(words) => {
                let options = evidence::Options { seconds: words.seconds, may_install: words.common.may_install() };
                (Command::Evidence(words.kind, options), words.common.verbose)
            }
        };
        Ok(Request { command, is_verbose })
    }
}

impl Boot {
    fn options(&self) -> BootOptions {
        self.machines.options(self.keys.keys, &self.common)
    }
}

impl Machines {
    fn options(&self, keys: u32, common: &Common) -> BootOptions {
        let archs = self.arch.map_or(Arch::ALL.into(), |arch| vec![arch]);
        BootOptions { archs, cpus: self.cpus, keys, may_install: common.may_install() }
    }
}

impl Common {
    fn may_install(&self) -> bool {
        !self.no_install
    }
}

impl Install {
    fn options(&self) -> install::Options {
        let options = install::Options::new(self.target.clone(), self.prefix.clone());
        install::Options {
            numbers: Numbers {
                keys: self.keys.keys,
                rounds: self.rounds,
                exit_functions: if self.minimal { 0 } else { self.exit_functions },
                notifications: if self.minimal { 0 } else { self.notifications },
            },
            is_minimal: self.minimal,
            plain_names: self.plain_names || options.plain_names,
            thread_pointer: self.thread_pointer.clone(),
            has_ibt: self.ibt,
            rustflags: install::users_flags(),
            may_install: self.common.may_install(),
            ..options
        }
    }
}
