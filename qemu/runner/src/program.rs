//! `tsd program`: a C or C++ program compiled for the image, booted, its output and its status passed on.
//!
//! - [`libc`]       the C library for an architecture
//! - [`compiler`]   from source files to one executable file
//! - `arguments`    the program's arguments on the kernel's command line
//!
//! The kernel's image is the usual one; QEMU lays the program into memory beside it.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use crate::{
    command,
    error::{Error, Result},
    image,
    install::{Numbers, Target},
    machine::{self, Arch, BootOptions, Machine},
    output::say,
    protocol::{self, Line},
    qemu::{self, End, Limits},
    setup::{self, Wants},
    status::Status,
};

mod arguments;
pub mod compiler;
pub mod libc;

pub use compiler::is_source;
use compiler::{Compiler, Executable};

/// Keys for programs: one more than POSIX's least number is enough, since errno takes one; this is the next capacity.
pub const DEFAULT_KEYS: u32 = 192;

/// How long a program may run if nobody says.
pub const DEFAULT_SECONDS: u32 = 600;

/// Thread-exit functions of each thread, of which a C++ program needs one for each `thread_local` object.
const EXIT_FUNCTIONS: u32 = 64;

/// A program and how to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// C files, and C++ files by their ending.
    pub sources: Vec<PathBuf>,
    /// Options for the compiler, as typed.
    pub flags: Vec<String>,
    /// The program's own arguments.
    pub arguments: Vec<OsString>,
    /// Where it runs, and the capacity of its key table.
    pub boot: BootOptions,
    /// Rounds of destructors.
    pub rounds: u32,
    /// How long it may run.
    pub seconds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            flags: Vec::new(),
            arguments: Vec::new(),
            boot: BootOptions { keys: DEFAULT_KEYS, ..BootOptions::default() },
            rounds: Numbers::default().rounds,
            seconds: DEFAULT_SECONDS,
        }
    }
}

/// Runs the program on each architecture until one run does not succeed, and returns the last status.
///
/// # Errors
/// Something is missing, does not compile, or the program did not end by itself.
pub fn run(options: &Options) -> Result<Status> {
    let run_on = |&arch: &Arch| run_on(arch, options);
    let failed = |ended: &Result<Status>| *ended != Ok(Status::Own(0));
    let ended = options.boot.archs.iter().map(run_on).find(failed).unwrap_or(Ok(Status::Success));
    // What fails here must not look like a status of the program's.
    ended.map_err(|error| error.with_failure_as(Status::NotRun))
}

fn run_on(arch: Arch, options: &Options) -> Result<Status> {
    // Before anything is built for arguments that can't be passed on.
    arguments::command_line(&compiler::name(&options.sources), &options.arguments)?;
    let environment = Environment::prepare(arch, options)?;
    let executable = environment.compiler.executable(&options.sources, &options.flags)?;
    let name = executable.name();
    command::step(format_args!("running {name} on {}", arch.name()));
    match environment.boot(&executable, options, &mut |line| say!("{line}"))? {
        ended @ Status::Signal(number) => {
            Err(Error::new(ended, format!("{}: signal {number} ended {name}, see above", arch.name())))
        }
        ended => Ok(ended),
    }
}

/// An architecture with all that programs need there.
#[derive(Debug)]
pub struct Environment {
    machine: &'static Machine,
    kernel: PathBuf,
    /// What makes programs.
    pub compiler: Compiler,
}

impl Environment {
    /// Gets what programs that are compiled with the flags of `options` lack, and builds the kernel and the archive.
    ///
    /// # Errors
    /// Something is missing or does not compile.
    pub fn prepare(arch: Arch, options: &Options) -> Result<Self> {
        let machine = machine::of(arch);
        let tools = compiler::tools(arch, &options.flags);
        let named = Target::named(compiler::target(arch)).map(|target| target.triple);
        let targets: Vec<_> = image::TARGETS.into_iter().chain(named.as_deref()).collect();
        let wants = Wants { machines: &[machine], targets: &targets, clippy: false, tools: &tools };
        let BootOptions { keys, may_install, .. } = options.boot;
        let toolchain = setup::prepare(wants, may_install)?;
        qemu::check_version(arch)?;
        let libc = libc::find(arch, may_install)?;
        let kernel = machine.image.build(&toolchain, image::DEFAULT_KEYS)?;
        let numbers = Numbers { keys, rounds: options.rounds, exit_functions: EXIT_FUNCTIONS, ..Numbers::default() };
        let compiler = Compiler::prepare(arch, numbers, &toolchain, libc)?;
        Ok(Self { machine, kernel, compiler })
    }

    /// Boots the kernel with `executable`, gives `sink` the lines that the program prints, and returns its status.
    ///
    /// # Errors
    /// The machine ended without a status.
    pub fn boot(&self, executable: &Executable, options: &Options, sink: &mut dyn FnMut(&str)) -> Result<Status> {
        let line = arguments::command_line(&executable.name(), &options.arguments)?;
        let limit = Duration::from_secs(options.seconds.into());
        let mut command = self.machine.command(&self.kernel, &line, options.boot.cpus);
        self.machine.add_program(&mut command, &executable.file);
        // The kernel's own lines are the first one and, where all is well, the last two.
        let (mut has_begun, mut ended) = (false, None);
        let outcome = qemu::run(self.machine, &mut command, Limits { total: limit, silence: limit }, &mut |line| {
            match protocol::read(line) {
                Line::End(_) => {}
                Line::Program(status) => ended = Some(status),
                _ if !has_begun && line.starts_with("tsd: kernel: ") => has_begun = true,
                _ => sink(line),
            }
        })?;
        how_it_ended(&outcome.end, ended)
            .map_err(|status| Error::new(status, format!("{}: {}", self.machine.name, outcome.end)))
    }
}

/// What became of a program, by the machine's end and what the kernel has said of the program.
fn how_it_ended(end: &End, said: Option<Status>) -> std::result::Result<Status, Status> {
    match (end, said) {
        (End::Overdue(_) | End::Silent(_), _) => Err(Status::Overdue),
        // The report of a fault may end in another one.
        (End::Exited { .. }, Some(signal @ Status::Signal(_))) => Ok(signal),
        (End::Exited { exit: Some(_), said: Some(_) }, Some(status)) => Ok(status),
        // The kernel itself has failed.
        (End::Exited { .. }, _) => Err(Status::Failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_failure_is_not_the_programs() {
        let panicked = End::Exited { exit: Some(5), said: Some(2) };
        assert_eq!(how_it_ended(&panicked, None), Err(Status::Failure));
        assert_eq!(how_it_ended(&panicked, Some(Status::Own(2))), Ok(Status::Own(2)));
        assert_eq!(how_it_ended(&panicked, Some(Status::Signal(11))), Ok(Status::Signal(11)));
        let lost = End::Exited { exit: None, said: None };
        assert_eq!(how_it_ended(&lost, Some(Status::Own(0))), Err(Status::Failure));
        assert_eq!(how_it_ended(&lost, Some(Status::Signal(4))), Ok(Status::Signal(4)));
        assert_eq!(how_it_ended(&End::Silent(Duration::ZERO), None), Err(Status::Overdue));
    }
}
