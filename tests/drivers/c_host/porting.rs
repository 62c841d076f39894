//! docs/porting: what shows when a step is forgotten. The last table of each page has a row for each step, with the words that
//! are seen and the trial that sees them; here are the trials that take a C compiler, and their words are the page's.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output};

use libtest_mimic::{Failed, Trial};
use tsd_runner::{command, tools, workspace};

use super::archive::plain;
use super::commands::{run, scratch, source};
use super::environment::Environment;
use super::kernels;
use super::rows;

/// What the trials of this file are called, up to the row's own name.
const PREFIX: &str = "c::porting::";

/// A program that has all the steps of a port, and what leaves one out.
struct Program {
    name: &'static str,
    /// Its files, and the options with which it is whole.
    sources: &'static [&'static str],
    options: &'static [&'static str],
    /// Options that leave a step out, each with the row's own name.
    without: &'static [(&'static str, &'static [&'static str])],
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "steps",
        sources: &["steps.c"],
        options: &["-std=c99", "-pedantic"],
        without: &[
            ("current", &["-DWITHOUT_CURRENT"]),
            ("waiting", &["-DWITHOUT_HOOKS"]),
            ("init", &["-DWITHOUT_INIT"]),
            ("switch", &["-DWITHOUT_SWITCH"]),
            ("attach", &["-DWITHOUT_ATTACH"]),
            ("exit", &["-DWITHOUT_EXIT"]),
            ("exit_and_init", &["-DWITHOUT_EXIT", "-DWITHOUT_INIT", "-DMEMORY=0"]),
            ("last", &["-DWITHOUT_LAST"]),
            ("reap", &["-DWITHOUT_REAP"]),
            ("dead_current", &["-DWITHOUT_DEAD_CURRENT"]),
            ("no_thread_in_handlers", &["-DWITHOUT_NULL"]),
            ("offset", &["-DTSD_THREAD_POINTER=gs", "-DTSD_THREAD_POINTER_AT=0", "-DTSD_THREAD_POINTER_OFFSET=16"]),
        ],
    },
    Program {
        name: "threadx",
        sources: &["threadx/main.c", "threadx/host.c", "threadx/tsd_threadx.c"],
        options: &["-std=c11", "-pedantic", "-DTX_INCLUDE_USER_DEFINE_FILE"],
        without: &[
            ("user_file", &["-UTX_INCLUDE_USER_DEFINE_FILE"]),
            ("watch", &["-DWITHOUT_WATCH", "-DWITHOUT_OWN_EXIT"]),
            ("start_later", &["-DWITHOUT_DONT_START", "-DWITHOUT_OWN_EXIT"]),
            ("callbacks", &["-DTX_DISABLE_NOTIFY_CALLBACKS"]),
            ("own_exit", &["-DWITHOUT_OWN_EXIT"]),
        ],
    },
    Program {
        name: "newlib",
        sources: &["newlib_once.c"],
        options: &["-std=c99"],
        without: &[("once_init", &["-DWITHOUT_HEADER"])],
    },
];

/// One for each step that can be left out, and one for the pages.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("c::porting::cxx::archive_first", archive_first),
        Trial::test("c::porting::cxx::unwind_entry", unwind_entry),
        Trial::test("c::porting::lk::search_path", search_path),
        Trial::test("c::porting::lk::float_abi", float_abi),
        Trial::test("c::porting::lk::fixed_x18", fixed_x18),
    ];
    for program in &PROGRAMS {
        for (step, options) in program.without {
            let name = format!("{PREFIX}{}::{step}", program.name);
            trials.push(Trial::test(name.clone(), move || check(program, step, options, &name)));
        }
    }
    let names: BTreeSet<_> = trials.iter().map(|trial| trial.name().to_owned()).collect();
    trials.push(Trial::test("c::porting::hooks_of_lk_compile", hooks_of_lk_compile));
    trials.push(Trial::test("c::porting::pages_have_them_all", move || pages_have_them_all(&names)));
    trials
}

/// The whole program shows nothing of what the page says of the step; without the step it shows all of it.
fn check(program: &Program, step: &str, options: &[&str], name: &str) -> Result<(), Failed> {
    let words = rows::words_of(name)?;
    let (dir, prefix) = (scratch("porting")?, Environment::ALL[0].prefix());
    let output = |file: &str, options: &[&str]| {
        let file = dir.join(file);
        let mut gcc = command::of("gcc");
        gcc.args(["-O2", "-Wall", "-Wextra", "-Werror"]).args(program.options).args(options);
        gcc.arg("-I").arg(prefix.join("include")).arg("-L").arg(prefix.join("lib"));
        gcc.arg("-I").arg(folder().join(program.name));
        gcc.args(program.sources.iter().map(|name| folder().join(name))).args(["-ltsd", "-o"]).arg(&file);
        let compiled = said(&mut gcc)?;
        if compiled.1 { said(&mut Command::new(file)) } else { Ok(compiled) }
    };
    let (whole, succeeds) = output(&format!("{}-{step}-whole", program.name), &[])?;
    assert!(succeeds, "{whole}");
    let (without, _) = output(&format!("{}-{step}", program.name), options)?;
    let missing: Vec<_> = words.iter().filter(|words| !without.contains(words.as_str())).collect();
    assert!(missing.is_empty(), "the page says {missing:?}, which is not in:\n{without}");
    assert!(words.iter().any(|words| !whole.contains(words.as_str())), "with all steps it says so, too:\n{whole}");
    Ok(())
}

/// What a command printed, and whether it succeeded.
fn said(command: &mut Command) -> Result<(String, bool), Failed> {
    let typed = command::as_typed(command);
    let Output { status, stdout, stderr } = command.output().map_err(|error| format!("{typed}: {error}"))?;
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok((format!("{typed}\n{text}"), status.success()))
}

fn folder() -> PathBuf {
    workspace::root().join("tests/porting")
}

/// A row that names a trial of this file names one that there is, and each has its row.
fn pages_have_them_all(names: &BTreeSet<String>) -> Result<(), Failed> {
    let named: BTreeSet<_> =
        rows::all()?.into_iter().map(|row| row.seen_by).filter(|by| by.starts_with(PREFIX)).collect();
    assert_eq!(&named, names);
    Ok(())
}

/// That a page's words are in what a command prints that fails, and not in what one that succeeds prints.
fn fails_as_the_page_says(name: &str, wrong: &mut Command, right: &mut Command) -> Result<(), Failed> {
    let words = rows::words_of(name)?;
    let ((wrong, fails), (right, succeeds)) = (said(wrong)?, said(right)?);
    assert!(!fails && succeeds, "{wrong}\n{right}");
    let missing: Vec<_> = words.iter().filter(|words| !wrong.contains(words.as_str())).collect();
    assert!(missing.is_empty(), "the page says {missing:?}, which is not in:\n{wrong}");
    assert!(words.iter().any(|words| !right.contains(words.as_str())), "{right}");
    Ok(())
}

/// A linker takes the function that destroys thread-local objects from whichever archive it comes to first.
fn archive_first() -> Result<(), Failed> {
    let words = rows::words_of("c::porting::cxx::archive_first")?;
    let dir = scratch("porting")?;
    let prefix = plain()?.prefix;
    let hook = dir.join("hook.o");
    let text = "#include <tsd.h>\nstatic tsd_thread_t thread;\ntsd_thread_t *tsd_current(void) { return &thread; }\n";
    std::fs::write(hook.with_extension("c"), text).map_err(|error| error.to_string())?;
    let mut gcc = command::of("gcc");
    run(gcc.arg("-I").arg(prefix.join("include")).arg("-c").arg(hook.with_extension("c")).arg("-o").arg(&hook))?;
    let link = |libraries: &[&str]| {
        let mut gxx = command::of("g++");
        gxx.args(["-static", "-Wl,--trace-symbol=__cxa_thread_atexit"]).arg(folder().join("cxx_order.cc")).arg(&hook);
        gxx.arg("-L").arg(prefix.join("lib")).args(libraries).arg("-o").arg(dir.join("cxx_order"));
        said(&mut gxx)
    };
    let ((first, _), (last, _)) = (link(&["-ltsd"])?, link(&["-lstdc++", "-ltsd"])?);
    let [ours, theirs] = &words[..] else { return Err(format!("two definitions: {words:?}").into()) };
    assert!(first.contains(ours.as_str()) && !first.contains(theirs.as_str()), "{first}");
    assert!(last.contains(theirs.as_str()) && !last.contains(ours.as_str()), "{last}");
    Ok(())
}

/// A kernel for RISC-V as tests/c/links has it, compiled for an ABI, and the command that links it.
fn riscv(abi: [&str; 2], search: bool) -> Result<Command, Failed> {
    let prefix = kernels::installed("riscv64")?;
    let object = scratch("porting")?.join(format!("kernel-{}.o", abi[1]));
    let mut clang = command::of(tools::CLANG.command);
    clang.args(["--target=riscv64-unknown-elf", "-mcmodel=medany", "-O2", "-ffreestanding"]).args(abi);
    clang.arg("-I").arg(prefix.join("include")).arg("-c").arg(source().join("links/kernel.c")).arg("-o").arg(&object);
    run(&mut clang)?;
    let mut link = command::of(tools::RISCV_LD.command);
    link.args(["--defsym=KERNEL=0x80200000", "--defsym=GOT=0"]);
    let lib = prefix.join("lib");
    if search {
        link.arg("-L").arg(&lib);
    }
    link.arg("-T").arg(source().join("links/kernel.ld")).arg("-L").arg(&lib).arg(&object).args(["-ltsd", "-o"]);
    link.arg(object.with_extension("elf"));
    Ok(link)
}

const SOFT: [&str; 2] = ["-march=rv64imac", "-mabi=lp64"];

fn search_path() -> Result<(), Failed> {
    fails_as_the_page_says("c::porting::lk::search_path", &mut riscv(SOFT, false)?, &mut riscv(SOFT, true)?)
}

fn float_abi() -> Result<(), Failed> {
    let wrong = &mut riscv(["-march=rv64gc", "-mabi=lp64d"], true)?;
    fails_as_the_page_says("c::porting::lk::float_abi", wrong, &mut riscv(SOFT, true)?)
}

/// The kernel that has its per-CPU pointer in x18, compiled without telling the compiler.
fn fixed_x18() -> Result<(), Failed> {
    let prefix = kernels::installed("aarch64")?;
    let compile = |options: &[&str]| -> Result<Command, Failed> {
        let mut gcc = command::of(tools::AARCH64_GCC.command);
        gcc.args(["-std=c11", "-O2", "-ffreestanding", "-mgeneral-regs-only", "-Wall", "-Werror"]).args(options);
        gcc.arg("-I").arg(prefix.join("include")).arg("-c").arg(source().join("links/kernel.c")).arg("-o");
        gcc.arg(scratch("porting")?.join("kernel-x18.o"));
        Ok(gcc)
    };
    fails_as_the_page_says("c::porting::lk::fixed_x18", &mut compile(&[])?, &mut compile(&["-ffixed-x18"])?)
}

/// A once routine that is left by an exception, where the archive's unwind entry has got lost.
fn unwind_entry() -> Result<(), Failed> {
    let (dir, prefix) = (scratch("porting/unwind")?, Environment::ALL[0].prefix());
    let archive = dir.join("libtsd.a");
    let mut objcopy = command::of(tools::OBJCOPY.command);
    objcopy.args([".eh_frame", ".rela.eh_frame"].map(|section| format!("--remove-section={section}")));
    run(objcopy.arg(prefix.join("lib/libtsd.a")).arg(&archive))?;
    let link = |lib: PathBuf, name: &str| -> Result<Command, Failed> {
        let program = dir.join(name);
        let mut gxx = command::of("g++");
        gxx.arg("-I").arg(prefix.join("include")).arg(folder().join("cxx_exception.cc")).arg("-L").arg(lib);
        run(gxx.args(["-ltsd", "-o"]).arg(&program))?;
        Ok(Command::new(program))
    };
    let (mut without, mut with) = (link(dir.clone(), "without")?, link(prefix.join("lib"), "with")?);
    fails_as_the_page_says("c::porting::cxx::unwind_entry", &mut without, &mut with)
}

/// LK's hooks over what stands in for its headers.
fn hooks_of_lk_compile() -> Result<(), Failed> {
    let mut gcc = command::of("gcc");
    gcc.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-o"]);
    gcc.arg(scratch("porting")?.join("tsd_lk.o")).arg("-I").arg(Environment::ALL[0].prefix().join("include"));
    run(gcc.arg("-I").arg(folder().join("lk")).arg(folder().join("lk/tsd_lk.c"))).map(|_| ())
}
