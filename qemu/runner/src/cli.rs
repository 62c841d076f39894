//! The command line: words in, one [`Command`] or one line of error out.
//!
//! The first word names the command if it is not an option; each command reads its own options.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};

#[cfg(test)]
mod tests;

use crate::{
    error::{Error, Result},
    evidence::{self, Kind},
    image,
    install::{self, Numbers, Target, ThreadPointer},
    machine::{Arch, BootOptions},
    program, storm,
};

/// What `--help` prints.
pub const HELP: &str = "\
tsd: boots a small SMP kernel with thread-specific data in QEMU

Usage: cargo run -- [COMMAND] [OPTIONS]

Commands:
  demo (default)     a request server inside the kernel, on both CPUs, with the figures side by side
  program FILE...    compiles a C or C++ program of these files for the image, boots it and exits with its status;
                     takes the compiler's options (-I DIR, -D NAME, ..) and, after --, the program's arguments;
                     fork, signal handlers, files and sockets are ENOSYS
  storm              threads and keys that come and go under preemption at random intervals, on both CPUs, aarch64
                     with and without atomic instructions; each value accounted for, each kind of event counted
  install            libtsd.a, headers, pkg-config and CMake files for C and C++ kernels: --target T --prefix DIR
  lint               clippy on every bare-metal target, warnings as errors; takes --no-install only
  evidence KIND      what is checked beside the tests: interleavings, orderings, handlers, stepping, fuzz, sanitizers,
                     mutants, coverage or storm; writes its row of docs/evidence.md; takes --no-install and --seconds only

Options:
  --arch ARCH        x86_64 or aarch64 only
  --cpus N           1 to 8 CPUs (default 4)
  --keys N           capacity of the key table: 1 to 64, or a multiple of 64 up to 4096 (default 128; of a
                     program 192, one of which is for errno)
  --requests N       requests that the demo serves, 1 to 1000000 (default 4000)
  --target T         of install: host, x86_64, aarch64, riscv64, riscv32, thumbv7m, or a target of the compiler
  --prefix DIR       of install: where lib and include go
  --rounds N         of install: rounds of destructors (default 4)
  --exit-functions N, --notifications N
                     of install: room for thread-exit functions (default 16), and for notifications (default 8)
  --thread-pointer REGISTER:OFFSET or REGISTER:AT:OFFSET
                     of install: the archive finds the thread by itself, and tsd_get() is inline, as
                     include/tsd/inline.h says
  --plain-names      of install: no prefix before the families' names, for the host too; what else the compiler is
                     to be told comes from RUSTFLAGS
  --seconds N        how long the fuzzer runs, or a program may run (default 600); how long a storm lasts
                     (default 10; as evidence 20 on each machine)
  --seed S           of storm: the decisions of all its threads and timers, drawn if not given
  --no-install       never install anything; say what is missing instead (also: variable TSD_NO_INSTALL)
  --help             print this

What is missing (a compiler for the bare-metal targets, QEMU, a linker) is installed with rustup or the
system's apt where that needs no password and removes nothing, else unpacked into target/private. With the
variable TSD_PRIVATE=DIR it is always unpacked, into DIR. Exit status: 0 success, 1 failure, 2 wrong usage or
something that has to be installed by hand.
";

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// BootOptions the demonstration with this many requests.
    Demo(BootOptions, u32),
    /// BootOptions a storm.
    Storm(BootOptions, storm::Options),
    /// BootOptions a program in the images.
    Program(program::Options),
    /// Build and lay out the C archive.
    Install(install::Options),
    /// Produce this kind of evidence.
    Evidence(Kind, evidence::Options),
    /// BootOptions clippy on the bare-metal targets.
    Lint {
        /// Whether missing packages may be installed.
        may_install: bool,
    },
}

const DEFAULT_REQUESTS: u32 = 4000;
const MAX_REQUESTS: u32 = 1_000_000;
const MAX_STORM_SECONDS: u32 = 24 * 60 * 60;
const MAX_CPUS: u32 = 8;
const MAX_COUNT: u32 = 1024;

/// Reads the words behind the program's name.
///
/// # Errors
/// Status 2 and one line for a word that means nothing or a value out of range.
pub fn parse(words: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Command> {
    let mut words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let names_command = words.first().is_some_and(|word| !word.to_string_lossy().starts_with('-'));
    let name = if names_command { words.remove(0).to_string_lossy().into_owned() } else { "demo".into() };
    if name == "program" {
        return program(words);
    }
    let parser = Parser::from_args(words);
    match name.as_str() {
        "demo" => demo(parser),
        "storm" => storm(parser),
        "install" => install(parser),
        "evidence" => evidence(parser),
        "lint" => lint(parser),
        "help" => Ok(Command::Help),
        _ => Err(wrong(format!("no such command: {name}"))),
    }
}

fn demo(mut parser: Parser) -> Result<Command> {
    let (mut run, mut requests) = (BootOptions::default(), DEFAULT_REQUESTS);
    while let Some(option) = next(&mut parser)? {
        match option.as_str() {
            "--help" => return Ok(Command::Help),
            "--requests" => {
                requests =
                    number(&mut parser, &option, &format!("1 to {MAX_REQUESTS}"), |n| (1..=MAX_REQUESTS).contains(&n))?;
            }
            _ => run.take(&option, &mut parser)?,
        }
    }
    Ok(Command::Demo(run, requests))
}

fn storm(mut parser: Parser) -> Result<Command> {
    let (mut run, mut options) = (BootOptions::default(), storm::Options::default());
    while let Some(option) = next(&mut parser)? {
        match option.as_str() {
            "--help" => return Ok(Command::Help),
            "--seconds" => {
                let allowed = format!("1 to {MAX_STORM_SECONDS}");
                options.seconds =
                    number(&mut parser, &option, &allowed, |seconds| (1..=MAX_STORM_SECONDS).contains(&seconds))?;
            }
            "--seed" => options.seed = Some(number(&mut parser, &option, &format!("0 to {}", u32::MAX), |_| true)?),
            _ => run.take(&option, &mut parser)?,
        }
    }
    if run.keys < storm::MIN_KEYS {
        return Err(wrong(format!("a storm takes {} keys or more, not {}", storm::MIN_KEYS, run.keys)));
    }
    Ok(Command::Storm(run, options))
}

fn program(words: Vec<OsString>) -> Result<Command> {
    let mut options = program::Options::default();
    let mut words = words.into_iter().map(|word| word.to_string_lossy().into_owned());
    let mut own = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            options.arguments = words.by_ref().collect();
        } else if word.starts_with('-') && !word.starts_with("--") && word != "-h" {
            // The compiler's. These have their value in the next word.
            let value = if ["-I", "-D", "-U", "-include"].contains(&word.as_str()) { words.next() } else { None };
            options.flags.extend([word].into_iter().chain(value));
        } else {
            own.push(word);
        }
    }
    let (mut parser, mut run) =
        (Parser::from_args(own), BootOptions { keys: program::DEFAULT_KEYS, ..BootOptions::default() });
    while let Some(word) = next(&mut parser)? {
        match word.as_str() {
            "--help" => return Ok(Command::Help),
            "--seconds" => options.seconds = number(&mut parser, &word, "1 or more", |seconds| seconds > 0)?.into(),
            _ if word.starts_with('-') => run.take(&word, &mut parser)?,
            _ => options.sources.push(PathBuf::from(word)),
        }
    }
    if options.sources.is_empty() {
        return Err(wrong("program takes the program's files".into()));
    }
    if let Some(missing) = options.sources.iter().find(|source| !source.is_file()) {
        return Err(wrong(format!("no such file: {}", missing.display())));
    }
    if options.arguments.iter().any(|argument| argument.contains(char::is_whitespace)) {
        return Err(wrong("an argument of the program can't contain blanks".into()));
    }
    let BootOptions { archs, cpus, keys, may_install } = run;
    Ok(Command::Program(program::Options { archs, cpus, keys, may_install, ..options }))
}

fn install(mut parser: Parser) -> Result<Command> {
    let (mut target, mut prefix, mut plain_names) = (None, None, false);
    let (mut numbers, mut thread_pointer, mut may_install) = (Numbers::default(), None, true);
    while let Some(option) = next(&mut parser)? {
        match option.as_str() {
            "--help" => return Ok(Command::Help),
            "--target" => target = Some(value(&mut parser, &option, Target::ALLOWED, Target::named)?),
            "--prefix" => prefix = Some(PathBuf::from(text(&mut parser)?)),
            "--keys" => numbers.keys = number(&mut parser, &option, image::KEYS_ALLOWED, image::is_allowed)?,
            "--rounds" => numbers.rounds = count(&mut parser, &option, 1)?,
            "--exit-functions" => numbers.exit_functions = count(&mut parser, &option, 0)?,
            "--notifications" => numbers.notifications = count(&mut parser, &option, 0)?,
            "--thread-pointer" => {
                thread_pointer = Some(value(&mut parser, &option, "REGISTER:[AT:]OFFSET", ThreadPointer::parse)?);
            }
            "--plain-names" => plain_names = true,
            "--no-install" => may_install = false,
            word => return Err(unknown(word)),
        }
    }
    let (Some(target), Some(prefix)) = (target, prefix) else {
        return Err(wrong("install takes --target and --prefix".into()));
    };
    let plain_names = plain_names || !target.is_host;
    let has_counters = false;
    Ok(Command::Install(install::Options {
        target,
        prefix,
        numbers,
        plain_names,
        thread_pointer,
        rustflags: install::users_flags(),
        has_counters,
        may_install,
    }))
}

fn count(parser: &mut Parser, option: &str, least: u32) -> Result<u32> {
    number(parser, option, &format!("{least} to {MAX_COUNT}"), |count| (least..=MAX_COUNT).contains(&count))
}

fn value<T>(parser: &mut Parser, option: &str, allowed: &str, read: impl Fn(&str) -> Option<T>) -> Result<T> {
    let word = text(parser)?;
    read(&word).ok_or_else(|| wrong(format!("{option} takes {allowed}, not {word}")))
}

fn evidence(mut parser: Parser) -> Result<Command> {
    let names = Kind::ALL.map(Kind::name).join(", ");
    let (mut kind, mut options) = (None, evidence::Options::default());
    while let Some(word) = next(&mut parser)? {
        let named = Kind::ALL.into_iter().find(|kind| kind.name() == word);
        match word.as_str() {
            "--help" => return Ok(Command::Help),
            "--no-install" => options.may_install = false,
            "--seconds" => options.seconds = Some(number(&mut parser, &word, "1 or more", |seconds| seconds > 0)?),
            _ if named.is_some() && kind.is_none() => kind = named,
            _ => return Err(unknown(&word)),
        }
    }
    let kind = kind.ok_or_else(|| wrong(format!("evidence takes one of: {names}")))?;
    Ok(Command::Evidence(kind, options))
}

fn lint(mut parser: Parser) -> Result<Command> {
    let mut may_install = true;
    while let Some(option) = next(&mut parser)? {
        match option.as_str() {
            "--help" => return Ok(Command::Help),
            "--no-install" => may_install = false,
            word => return Err(unknown(word)),
        }
    }
    Ok(Command::Lint { may_install })
}

impl BootOptions {
    /// Takes an option that every booting command has.
    fn take(&mut self, option: &str, parser: &mut Parser) -> Result<()> {
        match option {
            "--arch" => self.archs = vec![arch(&text(parser)?)?],
            "--cpus" => {
                let allowed = format!("1 to {MAX_CPUS}");
                self.cpus = number(parser, option, &allowed, |cpus| (1..=MAX_CPUS).contains(&cpus))?;
            }
            "--keys" => self.keys = number(parser, option, image::KEYS_ALLOWED, image::is_allowed)?,
            "--no-install" => self.may_install = false,
            word => return Err(unknown(word)),
        }
        Ok(())
    }
}

fn unknown(word: &str) -> Error {
    let what = if word.starts_with('-') { "no such option" } else { "unexpected word" };
    wrong(format!("{what}: {word}"))
}

/// Returns the next option with its dashes, or the next word. `-h` is `--help`.
fn next(parser: &mut Parser) -> Result<Option<String>> {
    let argument = parser.next().map_err(|error| wrong(error.to_string()))?;
    Ok(argument.map(|argument| match argument {
        Arg::Short('h') => "--help".into(),
        Arg::Short(letter) => format!("-{letter}"),
        Arg::Long(name) => format!("--{name}"),
        Arg::Value(word) => word.to_string_lossy().into_owned(),
    }))
}

fn text(parser: &mut Parser) -> Result<String> {
    parser.value().and_then(ValueExt::string).map_err(|error| wrong(error.to_string()))
}

fn arch(name: &str) -> Result<Arch> {
    let found = Arch::ALL.into_iter().find(|arch| arch.name() == name);
    found.ok_or_else(|| wrong(format!("--arch is x86_64 or aarch64, not {name}")))
}

fn number(parser: &mut Parser, option: &str, allowed: &str, is_allowed: impl Fn(u32) -> bool) -> Result<u32> {
    let word = text(parser)?;
    let number = word.parse().ok().filter(|&number| is_allowed(number));
    number.ok_or_else(|| wrong(format!("{option} takes {allowed}, not {word}")))
}

/// One line, whatever was typed.
fn wrong(message: String) -> Error {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Error::usage(format!("{line} (--help lists what there is)"))
}
