//! The headers: each alone, in each language and compiler, with every warning an error.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use tsd_runner::command;

use super::place::Place;
use super::{run, scratch};

const HEADERS: [&str; 5] = ["tsd.h", "tsd/pthread.h", "tsd/threads.h", "tsd/cxxabi.h", "tsd/windows.h"];

/// A compiler, the language's standard, and the ending of its files.
const COMPILERS: [(&str, &str, &str); 9] = [
    ("gcc", "c99", "c"),
    ("gcc", "c11", "c"),
    ("g++", "c++17", "cc"),
    ("clang", "c99", "c"),
    ("clang", "c11", "c"),
    ("clang++", "c++17", "cc"),
    ("musl-gcc", "c99", "c"),
    ("musl-gcc", "c11", "c"),
    ("gcc", "c17", "c"),
];

/// Options that change what a header says.
const VARIANTS: [(&str, &[&str]); 6] = [
    ("usual", &[]),
    ("plain_names", &["-DTSD_PLAIN_NAMES"]),
    ("freestanding", &["-DTSD_PLAIN_NAMES", "-ffreestanding"]),
    ("inline", &["-DTSD_THREAD_POINTER=fs", "-DTSD_THREAD_POINTER_OFFSET=64"]),
    ("inline_by_pointer", &["-DTSD_THREAD_POINTER=gs", "-DTSD_THREAD_POINTER_AT=0", "-DTSD_THREAD_POINTER_OFFSET=64"]),
    ("not_inline", &["-DTSD_THREAD_POINTER=fs", "-DTSD_THREAD_POINTER_OFFSET=64", "-DTSD_NO_INLINE"]),
];

/// One for each compiler, standard and variant.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (compiler, standard, ending) in COMPILERS {
        for (variant, options) in VARIANTS {
            let name = format!("c::headers::{compiler}::{standard}::{variant}");
            if variant.starts_with("inline") && !cfg!(target_arch = "x86_64") {
                continue;
            }
            trials.push(Trial::test(name, move || check(compiler, standard, ending, options)));
        }
    }
    trials
}

fn check(compiler: &str, standard: &str, ending: &str, options: &[&str]) -> Result<(), Failed> {
    let dir = scratch("headers")?;
    // All of them together, and each alone and included twice.
    let mut sources = vec![HEADERS.map(|header| format!("#include <{header}>\n")).concat()];
    sources.extend(HEADERS.map(|header| format!("#include <{header}>\n#include <{header}>\n")));
    for (number, source) in sources.iter().enumerate() {
        let file = dir.join(format!("{number}.{ending}"));
        // A use of the macros, and C wants something in a file.
        let text = format!("{source}\nstatic void f(uint32_t r, void *c) {{ (void)r; (void)c; }}\n{USE}");
        write_once(&file, &text)?;
        let mut command = command::of(compiler);
        command.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]);
        command.arg("-I").arg(Place::ALL[0].prefix().join("include"));
        run(command.args(options).arg(&file))?;
    }
    Ok(())
}

const USE: &str = "TSD_NOTIFICATION(mine, f, NULL);
#define KEYS(KEY) KEY(first, NULL, 0) KEY(last, NULL, TSD_KEY_LAST_PHASE)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);
void *used_static(void);
void *used_static(void) { return tsd_static_set(first, NULL) ? NULL : tsd_static_get(last); }
void *used(tsd_key_t key);
void *used(tsd_key_t key) { return tsd_get(key); }
";

/// Tests that run at once write the same.
fn write_once(file: &Path, text: &str) -> Result<(), Failed> {
    if fs::read_to_string(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    let new = file.with_extension(format!("{:?}.new", std::thread::current().id()));
    fs::write(&new, text).and_then(|()| fs::rename(&new, file)).map_err(|error| error.to_string().into())
}
