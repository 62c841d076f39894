//! Whole C and C++ programs in the images, compiled unchanged: each file of `tests/programs` under its own name on each
//! CPU, such as `program::aarch64::cancel`, and those of `tests/c`, which bring their own threads' part of the library,
//! such as `program::x86_64::core::rounds`. `program::x86_64::linked` looks at what such a program is linked with.
//!
//! A program passes if it exits with status 0, or with the one that its first comment names (`Exits with status N`).
//! The comment may also name options for the compiler (`Compiled with: OPTIONS`).

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process,
    sync::{Arc, OnceLock},
};

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    command,
    error::Result,
    machine::Arch,
    program::{Environment, Options},
    tools, workspace,
};

type Environments = Arc<OnceLock<HashMap<&'static str, Environment>>>;

fn main() {
    let arguments = Arguments::from_args();
    let environments = Environments::default();
    let mut trials = Vec::new();
    let mut archs = Vec::new();
    for arch in Arch::ALL {
        let of_arch = trials_on(arch, &environments);
        if of_arch.iter().any(|trial| !arguments.is_filtered_out(trial)) {
            archs.push(arch);
        }
        trials.extend(of_arch);
    }
    if !arguments.list {
        // It is no program's fault if a compiler is missing, so that comes before all of them.
        match archs.iter().map(|&arch| Ok((arch.name(), prepare(arch)?))).collect::<Result<_>>() {
            Ok(prepared) => environments.set(prepared).expect("it is set here only"),
            Err(error) => {
                eprintln!("tsd: error: {error}");
                process::exit(error.status().into());
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn prepare(arch: Arch) -> Result<Environment> {
    // One of the programs is compiled with this.
    Environment::prepare(arch, &Options { flags: vec!["-femulated-tls".into()], ..Options::default() })
}

fn trials_on(arch: Arch, environments: &Environments) -> Vec<Trial> {
    let mut trials = Vec::new();
    let tests = workspace::root().join("tests");
    for program in files(&tests.join("programs")) {
        let environments = environments.clone();
        let name = format!("program::{}::{}", arch.name(), stem(&program));
        trials.push(Trial::test(name, move || run(arch, &environments, &[program], Vec::new())));
    }
    let of_arch = environments.clone();
    trials.push(Trial::test(format!("program::{}::linked", arch.name()), move || check_symbols(arch, &of_arch)));
    let harness = tests.join("c/harness");
    for folder in files(&tests.join("c")).into_iter().filter(|folder| *folder != harness) {
        for program in files(&folder) {
            let (environments, harness) = (environments.clone(), harness.clone());
            let name = format!("program::{}::{}::{}", arch.name(), stem(&folder), stem(&program));
            trials.push(Trial::test(name, move || {
                let mut flags = vec!["-I".into(), harness.display().to_string()];
                // Its programs have hooks of their own.
                flags.extend(program.parent().filter(|folder| folder.ends_with("spin")).map(|_| "-DNO_HOOKS".into()));
                let port = ["host.c", "errno.c"].map(|file| harness.join(file));
                run(arch, &environments, &[&[program], &port[..]].concat(), flags)
            }));
        }
    }
    trials
}

fn run(
    arch: Arch,
    environments: &Environments,
    sources: &[PathBuf],
    flags: Vec<String>,
) -> std::result::Result<(), Failed> {
    let environment = &environments.get().expect("it is set before the first case is run")[arch.name()];
    let text = fs::read_to_string(&sources[0])?;
    let options = behind(&text, "Compiled with: ").unwrap_or_default().split_whitespace().map(str::to_owned);
    let flags: Vec<String> = options.chain(flags).collect();
    let expected = behind(&text, "Exits with status ").map_or(Ok(0), |status| status.trim().parse())?;
    let executable = environment.compiler.executable(sources, &flags)?;
    let mut lines = Vec::new();
    let ended = environment.boot(&executable, &Options { seconds: 120, ..Options::default() }, &mut |line| {
        lines.push(line.to_owned());
    })?;
    if ended.code() == expected {
        return Ok(());
    }
    Err(format!("{ended:?}, not status {expected}; it printed:\n{}", lines.join("\n")).into())
}

/// A program that calls once waits by the system calls of `qemu/posix/wait.c`, by symbols that are not weak.
fn check_symbols(arch: Arch, environments: &Environments) -> std::result::Result<(), Failed> {
    let compiler = &environments.get().expect("it is set before the first case is run")[arch.name()].compiler;
    let executable = compiler.executable(&[workspace::root().join("tests/programs/once.c")], &[])?;
    let mut nm = command::of(tools::NM.command);
    let symbols = command::answer(nm.arg(&executable.file)).ok_or("its symbols can't be read")?;
    for hook in ["tsd_wait", "tsd_wake"].map(|name| compiler.symbol(name)) {
        let found: Vec<_> = symbols.lines().filter(|line| line.ends_with(&format!(" {hook}"))).collect();
        if !matches!(found[..], [symbol] if symbol.ends_with(&format!(" T {hook}"))) {
            return Err(format!("{hook} is to be there once, and strong: {found:?}").into());
        }
    }
    Ok(())
}

/// What follows `words` in the file, up to the end of the line or of the comment.
fn behind<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.split_once(words)?.1.split(['\n', '*']).next()
}

/// The entries of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
