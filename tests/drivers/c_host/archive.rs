//! The archive: its symbols, its members, and how others find it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::{Failed, Trial};
use tsd_runner::install::archive::suffix;
use tsd_runner::install::{self, Numbers};
use tsd_runner::{command, tools};

use super::commands::{run, scratch};
use super::critical;
use super::declared;
use super::environment::Environment;

/// All tests.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("c::archive::symbols_are_ours_alone", || symbols_are_ours(&installed(false)?, false, &[])),
        Trial::test("c::archive::plain_names_have_no_prefix", || symbols_are_ours(&installed(true)?, true, &[])),
        Trial::test("c::archive::every_declared_function_is_there", every_declared_function_is_there),
        Trial::test("c::archive::nothing_can_panic", nothing_can_panic),
        Trial::test("c::archive::base_pulls_in_nothing_else", base_pulls_in_nothing_else),
        Trial::test("c::archive::thread_pointer_replaces_the_hook", thread_pointer_replaces_the_hook),
        Trial::test("c::archive::rustflags_reach_the_compiler", rustflags_reach_the_compiler),
        Trial::test("c::archive::pkg_config_finds_it", pkg_config_finds_it),
        Trial::test("c::archive::cmake_finds_it", cmake_finds_it),
        Trial::test("c::archive::cmake_refuses_it_where_pointers_differ", cmake_refuses_it_where_pointers_differ),
    ]
}

/// The prefix of an archive for the host.
fn installed(plain_names: bool) -> Result<install::Options, Failed> {
    if plain_names { plain() } else { Ok(Environment::ALL[0].options()) }
}

/// An archive with plain names, the least capacities and an option for the compiler, installed once a run.
pub(crate) fn plain() -> Result<install::Options, Failed> {
    static INSTALLED: OnceLock<Result<install::Options, String>> = OnceLock::new();
    let install = || {
        let mut options = Environment::ALL[0].options();
        options.prefix = scratch("plain").map_err(|_| "no folder for an archive")?;
        options.plain_names = true;
        options.rustflags = vec!["-Cforce-frame-pointers=yes".into()];
        options.numbers = Numbers { exit_functions: 0, notifications: 0, ..options.numbers };
        install::run(&options).map_err(|error| error.to_string())?;
        Ok(options)
    };
    Ok(INSTALLED.get_or_init(install).clone()?)
}

/// The environment's archive, which asks `tsd_current`, with the names that one with this thread pointer would have.
pub(crate) fn renamed(environment: &Environment, pointer: &str, to: &Path) -> Result<PathBuf, Failed> {
    let archive = environment.prefix().join("lib/libtsd.a");
    let listed = command::output(command::of("nm").arg("--format=just-symbols").arg(&archive))?;
    let end = suffix(&environment.options());
    let names: BTreeSet<_> = listed.lines().filter(|name| name.ends_with(&end)).collect();
    let map = to.with_extension("names");
    fs::write(&map, names.iter().map(|name| format!("{name} {name}{pointer}\n")).collect::<String>())?;
    run(command::of("objcopy").arg(format!("--redefine-syms={}", map.display())).arg(&archive).arg(to))?;
    Ok(to.to_path_buf())
}

/// The symbols of each member: whether it defines them, and whether others see them.
pub(crate) fn symbols(prefix: &Path) -> Result<BTreeMap<String, Vec<(char, String)>>, Failed> {
    let mut nm = command::of(tools::NM.command);
    let output = run(nm.arg("--format=posix").arg(prefix.join("lib/libtsd.a")))?;
    let mut members = BTreeMap::new();
    let mut member = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [name] => {
                let file = name.trim_end_matches("]:").rsplit(['[', '/']).next().unwrap_or_default();
                member = file.trim_end_matches(':').to_owned();
            }
            [name, kind, ..] => {
                let kind = kind.chars().next().unwrap_or('?');
                members.entry(member.clone()).or_insert_with(Vec::new).push((kind, name.to_owned()));
            }
            [] => {}
        }
    }
    let expected = OTHER_MEMBERS.iter().chain(&FAMILIES).map(|name| format!("tsd-{name}.o")).collect::<BTreeSet<_>>();
    assert_eq!(members.keys().cloned().collect::<BTreeSet<_>>(), expected, "members");
    Ok(members)
}

/// The names of the standards that the archive implements, each with a member of its own.
pub(crate) const FAMILIES: [&str; 19] = [
    "pthread_key_create",
    "pthread_key_delete",
    "pthread_getspecific",
    "pthread_setspecific",
    "pthread_once",
    "tss_create",
    "tss_delete",
    "tss_get",
    "tss_set",
    "call_once",
    "__cxa_thread_atexit",
    "__cxa_thread_atexit_impl",
    "TlsAlloc",
    "TlsFree",
    "TlsGetValue",
    "TlsSetValue",
    "GetLastError",
    "SetLastError",
    "__emutls_get_address",
];

/// Those that share one.
const FLS: [&str; 4] = ["FlsAlloc", "FlsFree", "FlsGetValue", "FlsSetValue"];

/// The other members.
const OTHER_MEMBERS: [&str; 8] =
    ["base", "key_space", "key_options", "exit_functions", "notifications", "once", "inspect", "fls"];

/// What each kernel brings.
const HOOKS: [&str; 6] = ["tsd_allocate", "tsd_current", "tsd_free", "tsd_thread_local_failed", "tsd_wait", "tsd_wake"];

/// Every global symbol is ours, every name of a standard has its prefix or has none, and what the archive wants is the
/// kernel's hooks alone: those of all kernels, and `more_hooks`.
pub(crate) fn symbols_are_ours(options: &install::Options, plain: bool, more_hooks: &[&str]) -> Result<(), Failed> {
    let suffix = suffix(options);
    let mut defined = BTreeSet::new();
    let mut wanted = BTreeSet::new();
    for (kind, name) in symbols(&options.prefix)?.into_values().flatten() {
        match kind {
            'U' => wanted.insert(name),
            'w' => {
                let bounds = ["__start_tsd_notifications", "__stop_tsd_notifications"];
                assert!(bounds.contains(&name.as_str()), "{name}");
                continue;
            }
            kind if kind.is_ascii_uppercase() => defined.insert(name),
            _ => continue,
        };
    }
    let ours = |name: &String| name.starts_with("tsd_") && name.ends_with(&suffix);
    let families: BTreeSet<String> = FAMILIES
        .iter()
        .chain(&FLS)
        .map(|&name| if plain { name.to_owned() } else { format!("tsd_{name}{suffix}") })
        .collect();
    let strangers: Vec<_> = defined.iter().filter(|name| !ours(name) && !families.contains(*name)).collect();
    assert!(strangers.is_empty(), "not ours: {strangers:?}");
    let missing: Vec<_> = families.difference(&defined).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let outside: BTreeSet<_> = wanted.difference(&defined).cloned().collect();
    let hooks = HOOKS.iter().chain(more_hooks).map(|name| format!("{name}{suffix}"));
    assert_eq!(outside, hooks.collect(), "wanted from outside");
    Ok(())
}

/// All that declare something.
const HEADERS: [&str; 8] = [
    "tsd.h",
    "tsd/inline.h",
    "tsd/static.h",
    "tsd/pthread.h",
    "tsd/threads.h",
    "tsd/cxxabi.h",
    "tsd/thread_local.h",
    "tsd/windows.h",
];

/// What a header declares with TSD_SYMBOL or TSD_FAMILY_SYMBOL, the archive defines; and the other way round, but for
/// what its members use among themselves.
fn every_declared_function_is_there() -> Result<(), Failed> {
    let options = installed(false)?;
    let suffix = suffix(&options);
    let include = options.prefix.join("include");
    let mut declared = BTreeSet::new();
    for header in HEADERS {
        let text = fs::read_to_string(include.join(header)).map_err(|error| format!("{header}: {error}"))?;
        declared.extend(declared::symbols(&text).map(|name| name + &suffix));
    }
    let all = symbols(&options.prefix)?.into_values().flatten();
    let defined: BTreeSet<String> =
        all.filter(|(kind, _)| kind.is_ascii_uppercase() && *kind != 'U').map(|(_, name)| name).collect();
    let missing: Vec<_> = declared.difference(&defined).collect();
    // The kernel's hooks, and what TSD_STATIC_KEY_TABLE defines.
    let others: BTreeSet<_> = HOOKS
        .iter()
        .chain(&critical::HOOKS)
        .chain(&["tsd_static_set_first"])
        .map(|name| format!("{name}{suffix}"))
        .collect();
    assert_eq!(missing, others.iter().collect::<Vec<_>>(), "declared but not defined");
    let undeclared: Vec<_> = defined.difference(&declared).map(|name| name.trim_end_matches(&suffix)).collect();
    let among_members = ["tsd_abandon", "tsd_detach", "tsd_exit_functions", "tsd_key_create_from", "tsd_leave_fls"];
    assert_eq!(undeclared, among_members, "defined but not declared");
    Ok(())
}

fn nothing_can_panic() -> Result<(), Failed> {
    Environment::ALL.iter().try_for_each(|environment| nothing_of_rust_is_left(environment.name, &environment.prefix()))
}

/// Nothing of Rust's panics, formatting or memory functions is left in any member.
pub(crate) fn nothing_of_rust_is_left(archive: &str, prefix: &Path) -> Result<(), Failed> {
    let words = ["panic", "unwind_", "rust_", "3fmt", "memcpy", "memset", "memmove", "memcmp", "aeabi", "strlen"];
    for (kind, name) in symbols(prefix)?.into_values().flatten() {
        assert!(!words.iter().any(|word| name.contains(word)), "{archive}: {kind} {name}");
    }
    Ok(())
}

/// A program that uses the core's five calls links with the members `base` and `key_space` only, and needs no hook but
/// the one that names the thread.
fn base_pulls_in_nothing_else() -> Result<(), Failed> {
    let environment = &Environment::ALL[0];
    let dir = scratch("base")?;
    let program = dir.join("program.c");
    let text = "#include <tsd.h>
        static tsd_thread_t thread;
        tsd_thread_t *tsd_current(void) { return &thread; }
        int main(void) {
            tsd_key_t key;
            tsd_thread_init(&thread);
            if (tsd_key_create(&key, NULL) != 0 || tsd_set(key, &key) != 0 || tsd_get(key) != &key) {
                return 1;
            }
            tsd_thread_exit(NULL);
            return tsd_get(key) != NULL || tsd_key_delete(key);
        }\n";
    fs::write(&program, text).map_err(|error| error.to_string())?;
    let (map, executable) = (dir.join("map"), dir.join("program"));
    let mut gcc = command::of(environment.c);
    gcc.arg("-I")
        .arg(environment.prefix().join("include"))
        .arg(&program)
        .arg("-L")
        .arg(environment.prefix().join("lib"));
    run(gcc.args(["-ltsd", "-o"]).arg(&executable).arg(format!("-Wl,-Map={}", map.display())))?;
    run(&mut Command::new(&executable))?;
    let map = fs::read_to_string(map).map_err(|error| error.to_string())?;
    let linked: BTreeSet<_> = map
        .lines()
        .filter_map(|line| line.split_once("libtsd.a(")?.1.split_once(')').map(|(member, _)| member.to_owned()))
        .collect();
    assert_eq!(linked.into_iter().collect::<Vec<_>>(), ["tsd-base.o", "tsd-key_space.o"]);
    Ok(())
}

/// An archive that was installed for a thread pointer wants the hooks for waiting only, and finds the thread.
fn thread_pointer_replaces_the_hook() -> Result<(), Failed> {
    if !cfg!(target_arch = "x86_64") {
        // Elsewhere the C library has the only register that a program can set.
        return Ok(());
    }
    let mut options = Environment::ALL[0].options();
    options.prefix = scratch("thread-pointer")?;
    options.thread_pointer = install::ThreadPointer::parse("gs:0:64");
    install::run(&options).map_err(|error| error.to_string())?;
    let all: Vec<(char, String)> = symbols(&options.prefix)?.into_values().flatten().collect();
    let is_defined =
        |name: &String| all.iter().any(|(kind, its)| its == name && kind.is_ascii_uppercase() && *kind != 'U');
    let outside = all.iter().filter(|(kind, name)| *kind == 'U' && !is_defined(name)).map(|(_, name)| name);
    let hooks = HOOKS.iter().filter(|name| **name != "tsd_current").map(|name| format!("{name}{}", suffix(&options)));
    assert_eq!(outside.cloned().collect::<BTreeSet<_>>(), hooks.collect(), "wanted from outside");

    let program = options.prefix.join("program");
    let source = tsd_runner::workspace::root().join("tests/c/instructions/inline.c");
    let mut gcc = command::of("gcc");
    gcc.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I"]).arg(options.prefix.join("include")).arg(source);
    run(gcc.arg("-L").arg(options.prefix.join("lib")).args(["-ltsd", "-o"]).arg(&program))?;
    run(&mut Command::new(program)).map(|_| ())
}

/// One archive's compiler was told to keep frame pointers, the other's was not.
fn rustflags_reach_the_compiler() -> Result<(), Failed> {
    if !cfg!(target_arch = "x86_64") {
        // Elsewhere they may be usual.
        return Ok(());
    }
    for (options, is_told) in [(installed(true)?, true), (installed(false)?, false)] {
        let mut objdump = command::of(tools::OBJDUMP.command);
        objdump.args(["-d", "--no-show-raw-insn"]).arg(options.prefix.join("lib/libtsd.a"));
        // More than fits into a pipe that is read when the command has ended.
        let text = command::answer(&mut objdump).ok_or("no disassembly")?;
        assert_eq!(text.contains("%rsp, %rbp"), is_told, "{:?}", options.rustflags);
    }
    Ok(())
}

const PROGRAM: &str = "#include <tsd.h>
tsd_thread_t *tsd_current(void) { return NULL; }
int main(void) { return tsd_keys_in_use() != 0; }\n";

fn pkg_config_finds_it() -> Result<(), Failed> {
    let environment = &Environment::ALL[0];
    let dir = scratch("pkg-config")?;
    fs::write(dir.join("program.c"), PROGRAM).map_err(|error| error.to_string())?;
    let mut pkg_config = command::of(tools::PKG_CONFIG.command);
    pkg_config.env("PKG_CONFIG_PATH", environment.prefix().join("lib/pkgconfig")).args(["--cflags", "--libs", "tsd"]);
    let flags = String::from_utf8_lossy(&run(&mut pkg_config)?.stdout).into_owned();
    let mut gcc = command::of(environment.c);
    gcc.arg(dir.join("program.c")).args(flags.split_whitespace()).arg("-o").arg(dir.join("program"));
    run(&mut gcc)?;
    run(&mut Command::new(dir.join("program"))).map(|_| ())
}

fn cmake_finds_it() -> Result<(), Failed> {
    let environment = &Environment::ALL[0];
    let dir = scratch("cmake")?;
    let lists = format!(
        "cmake_minimum_required(VERSION 3.16)\nproject(user C)\nfind_package(tsd {} CONFIG REQUIRED)\n\
         add_executable(program program.c)\ntarget_link_libraries(program PRIVATE tsd::tsd)\n",
        env!("CARGO_PKG_VERSION"),
    );
    fs::write(dir.join("program.c"), PROGRAM).map_err(|error| error.to_string())?;
    fs::write(dir.join("CMakeLists.txt"), lists).map_err(|error| error.to_string())?;
    let build = dir.join("build");
    let mut configure = command::of(tools::CMAKE.command);
    configure.arg("-S").arg(&dir).arg("-B").arg(&build);
    run(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", environment.prefix().display())))?;
    run(command::of(tools::CMAKE.command).arg("--build").arg(&build))?;
    run(&mut Command::new(build.join("program"))).map(|_| ())
}

fn cmake_refuses_it_where_pointers_differ() -> Result<(), Failed> {
    let environment = &Environment::ALL[0];
    let dir = scratch("cmake-pointers")?;
    let lists = "cmake_minimum_required(VERSION 3.16)\nproject(user C)\nset(CMAKE_SIZEOF_VOID_P 4)\n\
                 find_package(tsd CONFIG REQUIRED)\n";
    fs::write(dir.join("CMakeLists.txt"), lists).map_err(|error| error.to_string())?;
    let mut configure = command::of(tools::CMAKE.command);
    configure.arg("-S").arg(&dir).arg("-B").arg(dir.join("build"));
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", environment.prefix().display()));
    match run(&mut configure) {
        Err(error) if error.message().is_some_and(|said| said.contains("(pointers of 8 bytes)")) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err("CMake took an archive whose pointers have another size".into()),
    }
}
