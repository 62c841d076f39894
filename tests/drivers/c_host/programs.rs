//! The programs: compiled with warnings as errors, linked to the archive, run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use libtest_mimic::{Failed, Trial};
use tsd_runner::command;

use super::commands::{files, run, scratch, source};
use super::environment::Environment;

/// One for each program in each environment.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for environment in Environment::ALL.iter().chain([&Environment::MINIMAL]) {
        for program in programs(environment) {
            let (name, folder) = (stem(&program), program.parent().map(stem).unwrap_or_default());
            let test = format!("c::{}::{folder}::{name}", environment.name);
            trials.push(Trial::test(test, move || build_and_run(environment, &program)));
        }
    }
    for environment in Environment::ALL.iter().filter(|environment| environment.cxx.is_some()) {
        let test = format!("c::{}::emulated::variables", environment.name);
        trials.push(Trial::test(test, move || build_and_run(environment, &source().join("emulated/variables.cc"))));
    }
    trials
}

fn programs(environment: &'static Environment) -> Vec<PathBuf> {
    let programs = files(&source().join("programs")).into_iter().flat_map(|folder| files(&folder));
    let is_there = |program: &PathBuf| {
        let folder = program.parent().map(stem).unwrap_or_default();
        environment.has(&folder, &stem(program)) && (environment.cxx.is_some() || !is_cxx(program))
    };
    programs.filter(is_there).collect()
}

fn build_and_run(environment: &Environment, program: &Path) -> Result<(), Failed> {
    let folder = program.parent().map(stem).unwrap_or_default();
    let port = port(environment, folder != "spin")?;
    let executable = scratch(&format!("{}/{folder}", environment.name))?.join(stem(program));
    let mut compiler = if folder == "emulated" {
        let mut compiler = command::of("clang++");
        compiler.args(["-std=c++17", "-femulated-tls"]);
        compiler
    } else if is_cxx(program) {
        let mut compiler = command::of(environment.cxx.unwrap_or_default());
        compiler.arg("-std=c++17");
        compiler
    } else {
        let mut compiler = command::of(environment.c);
        compiler.arg("-std=c11");
        compiler
    };
    compiler.args(["-O2", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]);
    compiler.args(includes(environment)).arg(program).arg(port);
    compiler
        .arg("-L")
        .arg(environment.prefix().join("lib"))
        .arg("-ltsd")
        .args(environment.libraries())
        .arg("-o")
        .arg(&executable);
    run(&mut compiler)?;
    run(&mut Command::new(executable)).map(|_| ())
}

/// The object file of the harness, which is compiled once with the hooks that wait and wake, and once without.
fn port(environment: &Environment, has_hooks: bool) -> Result<PathBuf, Failed> {
    static COMPILED: Mutex<Vec<(&'static str, bool)>> = Mutex::new(Vec::new());
    let (object, options) = if has_hooks { ("port", None) } else { ("port-without-hooks", Some("-DNO_HOOKS")) };
    let object = scratch(environment.name)?.join(format!("{object}-{}.o", std::process::id()));
    let mut compiled = COMPILED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !compiled.contains(&(environment.name, has_hooks)) {
        let mut compiler = command::of(environment.c);
        compiler.args(["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-c"]).args(options);
        compiler.args(includes(environment)).arg(source().join("harness/host.c")).arg("-o").arg(&object);
        run(&mut compiler)?;
        compiled.push((environment.name, has_hooks));
    }
    Ok(object)
}

fn includes(environment: &Environment) -> [PathBuf; 4] {
    ["-I".into(), environment.prefix().join("include"), "-I".into(), source().join("harness")]
}

fn is_cxx(program: &Path) -> bool {
    program.extension().is_some_and(|extension| extension == "cc")
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
