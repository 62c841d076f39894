//! Whole C and C++ programs in the images, compiled unchanged: each file of `tests/posix` under its own name on each
//! architecture, such as `program::aarch64::cancel`, and those of `tests/c/programs`, which bring their own threads'
//! part of the library, such as `program::x86_64::core::rounds`. `program::x86_64::linked` looks at what such a program
//! is linked with.
//!
//! A program passes if it exits with status 0, or with the one that its first comment names (`Exits with status N`).
//! The comment may also name a signal in the place of the status (`Ended by signal N`), options for the compiler
//! (`Compiled with: OPTIONS`), arguments (`Argument: "TEXT"`, one a line), and what a line of the output has to have
//! (`Prints: "TEXT"`, likewise).

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    slice,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tsd_runner::{
    command,
    error::{Error, Result},
    machine::{Arch, BootOptions},
    program::{self, Environment, Options},
    status::Status,
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
    trials.push(Trial::test("program::made_anew", check_making_anew));
    if !arguments.list {
        // It is no program's fault if a compiler is missing, so that comes before all of them.
        match archs.iter().map(|&arch| Ok((arch.name(), prepare(arch)?))).collect::<Result<_>>() {
            Ok(prepared) => environments.set(prepared).expect("it is set here only"),
            Err(error) => error.end_process(),
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// What of the archive's stamp is looked at closely, and what only has to be in it. The same of the kernel's.
const OF_ARCHIVE: (&str, [&str; 6]) =
    ("src/lib.rs", ["src/c/lib.rs", "src/c/Cargo.toml", "include/tsd.h", "Cargo.lock", "Cargo.toml", "bin/rustc"]);
const OF_KERNEL: (&str, [&str; 6]) = (
    "src/lib.rs",
    [
        "qemu/kernel/src/main.rs",
        "qemu/kernel/build.rs",
        "linker/sections.ld",
        "tests/shared/suite/src/lib.rs",
        "Cargo.lock",
        "bin/rustc",
    ],
);

fn prepare(arch: Arch) -> Result<Environment> {
    // One of the programs is compiled with this.
    Environment::prepare(arch, &Options { flags: vec!["-femulated-tls".into()], ..Options::default() })
}

fn trials_on(arch: Arch, environments: &Environments) -> Vec<Trial> {
    let mut trials = Vec::new();
    let tests = workspace::root().join("tests");
    for program in files(&tests.join("posix")) {
        let environments = environments.clone();
        let name = format!("program::{}::{}", arch.name(), stem(&program));
        trials.push(Trial::ignorable_test(name, move || {
            if let Some(why) = reason_against(arch, &fs::read_to_string(&program)?) {
                return Ok(Completion::ignored_with(format!("not on {}", why.trim())));
            }
            run(arch, &environments, slice::from_ref(&program), Vec::new()).map(|()| Completion::Completed)
        }));
    }
    let of_arch = environments.clone();
    trials.push(Trial::test(format!("program::{}::linked", arch.name()), move || check_symbols(arch, &of_arch)));
    let of_arch = environments.clone();
    trials.push(Trial::test(format!("program::{}::rebuilt", arch.name()), move || check_rebuilding(arch, &of_arch)));
    trials.push(Trial::test(format!("program::{}::statuses", arch.name()), move || check_statuses(arch)));
    let harness = tests.join("c/harness");
    for folder in files(&tests.join("c/programs")) {
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
    let options = after(&text, "Compiled with: ").unwrap_or_default().split_whitespace().map(str::to_owned);
    let flags: Vec<String> = options.chain(flags).collect();
    let number = |words| after(&text, words).map(|number| number.trim().parse::<u8>()).transpose();
    let signal = number("Ended by signal ")?.map(Status::Signal);
    let expected = signal.unwrap_or(Status::Own(number("Exits with status ")?.unwrap_or(0)));
    let executable = environment.compiler.executable(sources, &flags)?;
    let mut lines = Vec::new();
    let arguments = quoted(&text, " * Argument: ").map(Into::into).collect();
    let options = Options { seconds: 120, arguments, ..Options::default() };
    let ended = environment.boot(&executable, &options, &mut |line| lines.push(line.to_owned()))?;
    let missing = quoted(&text, " * Prints: ").find(|words| !lines.iter().any(|line| line.contains(words)));
    if ended == expected && missing.is_none() {
        return Ok(());
    }
    let missing = missing.map_or(String::new(), |words| format!(", and no line has {words}"));
    Err(format!("{ended:?}, not {expected:?}{missing}; it printed:\n{}", lines.join("\n")).into())
}

/// Why a program is not for this machine, as its text says: `Not on: riscv64, for which ...`.
fn reason_against(arch: Arch, text: &str) -> Option<&str> {
    after(text, "Not on: ").filter(|why| why.starts_with(arch.name()))
}

/// What stands in quotes on the lines that begin with `words`.
fn quoted<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| Some(line.strip_prefix(words)?.split_once('"')?.1.rsplit_once('"')?.0))
}

/// Programs that want hooks of the library, the compiler's option for each, and the hooks.
const WANT_HOOKS: [(&str, Option<&str>, &[&str]); 2] = [
    ("once.c", None, &["tsd_wait", "tsd_wake"]),
    ("emulated_tls.c", Some("-femulated-tls"), &["tsd_allocate", "tsd_free", "tsd_thread_local_failed"]),
];

/// A program that calls once waits by the system calls of `qemu/posix/wait.c`, by symbols that are not weak; emulated
/// thread-local storage is the library's and not the compiler's.
fn check_symbols(arch: Arch, environments: &Environments) -> std::result::Result<(), Failed> {
    let compiler = &environments.get().expect("it is set before the first case is run")[arch.name()].compiler;
    for (program, flag, hooks) in WANT_HOOKS {
        let program = workspace::root().join("tests/posix").join(program);
        if reason_against(arch, &fs::read_to_string(&program)?).is_some() {
            continue;
        }
        let flags: Vec<_> = flag.iter().map(ToString::to_string).collect();
        let executable = compiler.executable(&[program], &flags)?;
        let mut nm = command::of(tools::NM.command);
        let symbols = command::answer(nm.arg(&executable.file)).ok_or("its symbols can't be read")?;
        for hook in hooks.iter().map(|name| compiler.symbol(name)) {
            let found: Vec<_> = symbols.lines().filter(|line| line.ends_with(&format!(" {hook}"))).collect();
            if !matches!(found[..], [symbol] if symbol.ends_with(&format!(" T {hook}"))) {
                return Err(format!("{hook} is to be there once, and strong: {found:?}").into());
            }
        }
    }
    Ok(())
}

/// What follows `words` in the file, up to the end of the line or of the comment.
fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
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

/// A changed source, header, option or folder of headers makes another program; what has not changed makes none.
fn check_rebuilding(arch: Arch, environments: &Environments) -> std::result::Result<(), Failed> {
    let environment = &environments.get().expect("it is set before the first case is run")[arch.name()];
    let folder = workspace::images_dir()?.join("rebuilding").join(arch.name());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("first"))?;
    fs::create_dir_all(folder.join("second"))?;
    let source = folder.join("program.c");
    let write = |file: &str, text: &str| fs::write(folder.join(file), text);
    write("program.c", "#include <status.h>\nint main(void) { return STATUS + ADDED; }\n")?;
    write("second/status.h", "#define STATUS 1\n")?;
    let status_with = |added: &str| -> std::result::Result<(Status, SystemTime), Failed> {
        let folders = ["first", "second"].map(|name| format!("-I{}", folder.join(name).display()));
        let flags = [&folders[..], &[format!("-DADDED={added}")]].concat();
        let executable = environment.compiler.executable(slice::from_ref(&source), &flags)?;
        let linked = fs::metadata(&executable.file)?.modified()?;
        Ok((environment.boot(&executable, &Options { seconds: 120, ..Options::default() }, &mut |_| ())?, linked))
    };
    let own = |status: u8| Status::Own(status);
    let (first, linked) = status_with("0")?;
    assert_eq!(first, own(1));
    assert_eq!(status_with("0")?, (own(1), linked), "nothing has changed");
    assert_eq!(status_with("5")?.0, own(6), "the option has changed");
    write("second/status.h", "#define STATUS 2\n")?;
    assert_eq!(status_with("0")?.0, own(2), "the header has changed");
    write("first/status.h", "#define STATUS 3\n")?;
    assert_eq!(status_with("0")?.0, own(3), "another header is found first");
    fs::remove_file(folder.join("first/status.h"))?;
    assert_eq!(status_with("0")?.0, own(2), "that one is gone");
    write("program.c", "int main(void) { return 7; }\n")?;
    assert_eq!(status_with("0")?.0, own(7), "the source has changed");
    let looking =
        "#if __has_include(\"extra.h\")\nint main(void) { return 9; }\n#else\nint main(void) { return 8; }\n#endif\n";
    write("program.c", looking)?;
    assert_eq!(status_with("0")?.0, own(8), "a source that looks for a header");
    write("extra.h", "")?;
    assert_eq!(status_with("0")?.0, own(9), "the header that it looks for has come");
    Ok(())
}

/// Each way in which a program can end has a status of its own.
fn check_statuses(arch: Arch) -> std::result::Result<(), Failed> {
    let folder = workspace::images_dir()?.join("statuses").join(arch.name());
    fs::create_dir_all(&folder)?;
    let programs = [
        ("own", "int main(void) { return 64; }", Ok(Status::Own(64))),
        ("fine", "int main(void) { return 0; }", Ok(Status::Success)),
        ("fault", "int main(void) { *(volatile int *)8 = 1; return 2; }", Err(Status::Signal(11))),
        ("overdue", "int main(void) { for (;;) { } }", Err(Status::Overdue)),
        ("wrong", "int main(void) { return }", Err(Status::NotRun)),
    ];
    for (name, text, expected) in programs {
        let source = folder.join(name).with_extension("c");
        fs::write(&source, text)?;
        let seconds = if name == "overdue" { 2 } else { 120 };
        let options = Options { sources: vec![source], seconds, ..Options::default() };
        let boot = BootOptions { archs: vec![arch], ..options.boot.clone() };
        let ended = program::run(&Options { boot, ..options });
        if ended.as_ref().map_err(Error::status) != expected.as_ref().map_err(|status| *status) {
            return Err(format!("{name}: {ended:?}").into());
        }
    }
    let rounds = workspace::root().join("tests/posix/rounds.c");
    let options = Options { sources: vec![rounds], flags: vec!["-DROUNDS=2".into()], rounds: 2, ..Options::default() };
    let boot = BootOptions { archs: vec![arch], ..options.boot.clone() };
    assert_eq!(program::run(&Options { boot, ..options }), Ok(Status::Success), "with 2 rounds");
    Ok(())
}

/// A source of the library, of the kernel or of what both are built with that has changed makes both anew; what has not
/// changed makes neither.
fn check_making_anew() -> std::result::Result<(), Failed> {
    let arch = Arch::X86_64;
    // The others use the usual one meanwhile.
    let boot = BootOptions { keys: 64, ..BootOptions::default() };
    let options = Options { boot, ..Options::default() };
    let images = workspace::images_dir()?;
    let prefix = images.join("program-x86_64-64-4");
    let prepare = || Environment::prepare(arch, &options);
    prepare()?;
    let stamps = [(prefix.join("tsd.stamp"), OF_ARCHIVE), (images.join("x86_64-128.stamp"), OF_KERNEL)];
    for (stamp, (source, others)) in stamps {
        let (before, made) = (fs::read_to_string(&stamp)?, fs::metadata(&stamp)?.modified()?);
        let line = |name: &str| before.lines().find(|line| line.ends_with(&format!("/{name}")));
        if let Some(missing) = others.iter().find(|name| line(name).is_none()) {
            return Err(format!("{} does not have {missing}", stamp.display()).into());
        }
        prepare()?;
        assert_eq!(fs::metadata(&stamp)?.modified()?, made, "nothing has changed");
        // As if something else had been in the source then.
        let path = workspace::root().join(source).display().to_string();
        let now = before.lines().find(|line| line.ends_with(&format!(" {path}"))).ok_or("the source is not there")?;
        fs::write(&stamp, before.replace(now, &format!("0123456789abcdef {path}")))?;
        prepare()?;
        assert_eq!(fs::read_to_string(&stamp)?, before, "it was made anew, from the same inputs");
    }
    Ok(())
}
