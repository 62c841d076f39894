//! `tsd program`: a C or C++ program compiled for the image, booted, its output and its status passed on.
//!
//! - [`libc`]      the C library for an architecture
//! - [`compiler`]  from source files to one executable file
//!
//! The kernel's image is the usual one; QEMU lays the program into memory beside it.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    error::{Error, Result},
    image,
    install::Numbers,
    machine::{self, Arch, Machine},
    protocol::{self, Line},
    qemu::{self, End, Limits},
    setup::{self, Wants},
};

pub mod compiler;
pub mod libc;

use compiler::{Compiler, Executable};

/// Keys for programs: one more than POSIX's least number is enough, since errno takes one; this is the next capacity.
pub const DEFAULT_KEYS: u32 = 192;

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
    pub arguments: Vec<String>,
    /// On which architectures, in this order.
    pub archs: Vec<Arch>,
    /// Number of processors.
    pub cpus: u32,
    /// Capacity of the program's key table.
    pub keys: u32,
    /// How long it may run.
    pub seconds: u64,
    /// Whether missing packages may be installed.
    pub may_install: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            flags: Vec::new(),
            arguments: Vec::new(),
            archs: Arch::ALL.into(),
            cpus: 4,
            keys: DEFAULT_KEYS,
            seconds: 600,
            may_install: true,
        }
    }
}

/// Runs the program on each architecture until one run's status is not 0, and returns the last status.
///
/// # Errors
/// Something is missing, does not compile, or the machine ends without the program's status.
pub fn run(options: &Options) -> Result<ExitCode> {
    for &arch in &options.archs {
        let environment = Environment::prepare(arch, options.keys, &options.flags, options.may_install)?;
        let executable = environment.compiler.executable(&options.sources, &options.flags)?;
        let ended = environment.boot(&executable, options, &mut |line| println!("{line}"))?;
        if ended != 0 {
            return Ok(ExitCode::from(ended));
        }
    }
    Ok(ExitCode::SUCCESS)
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
    /// Gets what programs that are compiled with `flags` lack, and builds the kernel and the archive.
    ///
    /// # Errors
    /// Something is missing or does not compile.
    pub fn prepare(arch: Arch, keys: u32, flags: &[String], may_install: bool) -> Result<Self> {
        let machine = machine::of(arch);
        let tools = compiler::tools(arch, flags);
        let wants = Wants { machines: &[machine], targets: &image::TARGETS, clippy: false, tools: &tools };
        let toolchain = setup::prepare(wants, may_install)?;
        qemu::check_version(arch)?;
        let libc = libc::find(arch, may_install)?;
        let kernel = machine.image.build(&toolchain, image::DEFAULT_KEYS)?;
        let numbers = Numbers { keys, exit_functions: EXIT_FUNCTIONS, ..Numbers::default() };
        let compiler = Compiler::prepare(arch, numbers, &toolchain, libc)?;
        Ok(Self { machine, kernel, compiler })
    }

    /// Boots the kernel with `executable`, gives `sink` the lines that the program prints, and returns its status.
    ///
    /// # Errors
    /// The machine ended without a status.
    pub fn boot(&self, executable: &Executable, options: &Options, sink: &mut dyn FnMut(&str)) -> Result<u8> {
        let name = executable.file.file_stem().unwrap_or_default().to_string_lossy();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let line = ["program".into(), format!("epoch={now}"), name.into_owned()];
        let line = line.iter().chain(&options.arguments).map(String::as_str).collect::<Vec<_>>().join(" ");
        let limit = Duration::from_secs(options.seconds);
        let mut command = self.machine.command(&self.kernel, &line, options.cpus);
        self.machine.add_program(&mut command, &executable.file);
        // The kernel's own lines are the first one and, where all is well, the last one.
        let mut has_begun = false;
        let outcome = qemu::run(self.machine, &mut command, Limits { total: limit, silence: limit }, &mut |line| {
            match protocol::read(line) {
                Line::End(_) => {}
                _ if !has_begun && line.starts_with("tsd: kernel: ") => has_begun = true,
                _ => sink(line),
            }
        })?;
        match outcome.end {
            End::Exited { said: Some(0), .. } => outcome.verdict().map(|()| 0),
            End::Exited { said: Some(status), .. } => Ok(u8::try_from(status).unwrap_or(u8::MAX)),
            _ => Err(Error::failure(format!("{}: {}", self.machine.name, outcome.end))),
        }
    }
}
