//! Runs that count what they run, and LLVM's tools for the counts: the tests on the host, the C programs, and the
//! kernel in the images.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::super::host_cargo::OWN_PROCESS_TESTS;
use crate::{
    command,
    error::{Error, Result},
    image::{self, Image},
    install,
    machine::Machine,
    progress::Progress,
    qemu::{self, Limits},
    setup,
    toolchain::Toolchain,
    workspace,
};

/// What the kernel does in turn: between them they call all that an image can.
const MODES: [&str; 4] = ["suite", "selftest", "counts", "demo requests=400"];
/// And what only an interrupt between two certain instructions leads to; one instruction in so many is as many as are
/// needed.
const STEPPING: &str = "stepping every=11 routine=exit";

/// Where C programs are run: with the usual capacities, and with such as are soon used up. The first name begins both.
const C_PLACES: [&str; 2] = ["gcc", "gcc_small"];

const LIMITS: Limits = Limits { total: Duration::from_secs(900), silence: Duration::from_secs(90) };
const CPUS: u32 = 4;

/// The counts of some runs, and the programs that made them.
pub(super) struct Profile<'a> {
    toolchain: &'a Toolchain,
    folder: PathBuf,
    programs: Vec<PathBuf>,
}

impl<'a> Profile<'a> {
    /// One with no runs, in `folder`.
    pub(super) fn new(toolchain: &'a Toolchain, folder: &Path) -> Result<Self> {
        let profile = Self { toolchain, folder: folder.to_path_buf(), programs: Vec::new() };
        let raw = profile.raw();
        let made = workspace::remove_folder(&raw).and_then(|()| fs::create_dir_all(&raw));
        made.map_err(|error| Error::of_file("emptied", &raw, &error))?;
        Ok(profile)
    }

    /// Where the runs leave their counts.
    fn raw(&self) -> PathBuf {
        self.folder.join("raw")
    }

    /// Runs the tests on the host.
    pub(super) fn add_host(&mut self) -> Result<()> {
        let line = Progress::open_ended("building the tests with counters");
        let build = command::output(self.host_tests().args(["--no-run", "--message-format=json"]))?;
        drop(line);
        self.programs.extend(executables(&build));
        // One file for each program, whatever the number of its processes.
        let counts = self.raw().join("host-%m.profraw");
        command::run_below("running the tests", self.host_tests().env("LLVM_PROFILE_FILE", counts))
    }

    /// Runs the C programs on the host, linked to archives that count.
    pub(super) fn add_c_programs(&mut self) -> Result<()> {
        // Cargo marks the folder of each target that it is told as a target directory of its own.
        let programs = self.target().join(self.toolchain.host()).join("images/c-tests");
        let folders = C_PLACES.map(|place| programs.join(place));
        for folder in &folders {
            workspace::remove_folder(folder).map_err(|error| Error::of_file("emptied", folder, &error))?;
        }
        let mut tests = self.host_cargo();
        tests.env(install::COUNTERS_VARIABLE, self.counters_library()?);
        tests.env("LLVM_PROFILE_FILE", self.raw().join("c-%m.profraw"));
        tests.args(["--test=c_host", "--"]).arg(format!("c::{}", C_PLACES[0]));
        command::run_below("running the C programs", &mut tests)?;
        let files = folders.iter().flat_map(|folder| entries(folder)).flat_map(|folder| entries(&folder));
        let before = self.programs.len();
        self.programs.extend(files.filter(|file| file.is_file()));
        if self.programs.len() == before {
            return Err(Error::failure(format!("there are no C programs in {}", programs.display())));
        }
        Ok(())
    }

    /// LLVM's run-time library as the compiler has it for programs of its own.
    fn counters_library(&self) -> Result<PathBuf> {
        let folder = self.toolchain.rustlib().join(self.toolchain.host()).join("lib");
        let is_library = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("libprofiler_builtins-") && name.ends_with(".rlib")
        };
        let library = entries(&folder).into_iter().find(is_library);
        library.ok_or_else(|| Error::failure(format!("{} has no profiler_builtins", folder.display())))
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    fn host_tests(&self) -> Command {
        let mut tests = self.host_cargo();
        tests.args(OWN_PROCESS_TESTS);
        tests
    }

    fn host_cargo(&self) -> Command {
        let host = self.toolchain.host();
        let mut tests = self.toolchain.cargo("test", host);
        tests.env("RUSTC_BOOTSTRAP", "1").args(["--package=tsd", "--target-dir"]).arg(self.target());
        tests.arg(format!("--config=target.{host}.rustflags={:?}", image::COUNTERS));
        tests
    }

    /// Boots `image` on `machine` in each mode.
    pub(super) fn add_image(&mut self, image: &Image, machine: &Machine) -> Result<()> {
        let kernel = image.build(self.toolchain, image::DEFAULT_KEYS)?;
        let commands = MODES.map(|mode| (mode, machine.command(&kernel, mode, CPUS)));
        let stepping = (STEPPING, machine.counting_command(&kernel, STEPPING));
        for (number, (mode, mut command)) in commands.into_iter().chain([stepping]).enumerate() {
            let _line = Progress::open_ended(format_args!("{mode} on {}", machine.name));
            let outcome = qemu::run(machine, &mut command, LIMITS, &mut |_| ())?;
            if !outcome.is_success() {
                let shown = outcome.lines.iter().filter(|line| !line.starts_with(COUNTS));
                return Err(Error::failure(format!("{mode}: {}", outcome.end)).with_details(shown));
            }
            let file = self.raw().join(format!("{}-{number}.profraw", image.name));
            fs::write(&file, counts(&outcome.lines)?).map_err(|error| Error::of_file("written", &file, &error))?;
        }
        self.programs.push(kernel);
        Ok(())
    }

    /// Adds the counts up; a report in the format of lcov.
    pub(super) fn report(&self, may_install: bool) -> Result<String> {
        let files = fs::read_dir(self.raw()).map_err(|error| Error::of_file("read", &self.raw(), &error))?;
        let sum = self.folder.join("sum.profdata");
        let mut merge = Command::new(llvm_tool(self.toolchain, "llvm-profdata", may_install)?);
        merge.args(["merge", "-sparse"]).args(files.flatten().map(|file| file.path())).arg("-o").arg(&sum);
        command::run_quietly(&mut merge)?;
        let mut export = Command::new(llvm_tool(self.toolchain, "llvm-cov", may_install)?);
        export.args(["export", "--format=lcov", "--instr-profile"]).arg(&sum);
        export.args(self.programs.iter().flat_map(|program| ["--object".as_ref(), program.as_os_str()]));
        command::answer(&mut export).ok_or_else(|| Error::failure("llvm-cov can't read the counts"))
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// What the kernel's lines of counts begin with.
const COUNTS: &str = "tsd: coverage: ";

/// The bytes that the kernel has printed in hexadecimal digits.
fn counts(lines: &[String]) -> Result<Vec<u8>> {
    let digits: String = lines.iter().filter_map(|line| line.strip_prefix(COUNTS)).collect();
    let byte = |at: usize| digits.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let bytes: Option<Vec<_>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.filter(|bytes| !bytes.is_empty()).ok_or_else(|| Error::failure("the kernel has printed no counts"))
}

/// The programs that cargo says it has built.
fn executables(messages: &str) -> Vec<PathBuf> {
    let named = messages.lines().filter_map(|line| line.split_once("\"executable\":\"")?.1.split_once('"'));
    named.map(|(path, _)| path.into()).collect()
}

/// One of LLVM's tools, as old as the compiler's LLVM: the compiler's own or the distribution's.
fn llvm_tool(toolchain: &Toolchain, name: &str, may_install: bool) -> Result<PathBuf> {
    let own = toolchain.rustlib().join(toolchain.host()).join("bin").join(name);
    if own.is_file() {
        return Ok(own);
    }
    let llvm = toolchain.llvm().ok_or_else(|| Error::failure("the compiler does not say which LLVM it has"))?;
    let packaged = || command::find(format!("{name}-{llvm}"));
    if packaged().is_none() {
        setup::install_packages(&[&format!("llvm-{llvm}")], may_install)?;
    }
    packaged().ok_or_else(|| Error::failure(format!("the package llvm-{llvm} brings no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_the_output() {
        let lines = ["test a ... ok", "tsd: coverage: 00ff", "tsd: coverage: 81", "tsd: end: status 0"];
        assert_eq!(counts(&lines.map(str::to_owned)).unwrap(), [0, 0xff, 0x81]);
        assert!(counts(&["tsd: coverage: 0".to_owned()]).is_err());
        assert!(counts(&["tsd: end: status 0".to_owned()]).is_err());
    }

    #[test]
    fn programs_are_found_in_cargos_messages() {
        let messages = "{\"executable\":null}\n{\"a\":1,\"executable\":\"/t/host-1\",\"fresh\":true}\n   Compiling\n";
        assert_eq!(executables(messages), [PathBuf::from("/t/host-1")]);
    }
}
