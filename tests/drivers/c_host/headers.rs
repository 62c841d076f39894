//! The headers: each alone, in each language and compiler, with every warning an error.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use tsd_runner::command;

use super::commands::{run, scratch};
use super::environment::Environment;

/// The families, each with the name of what initialises its once control, and the control's type.
const FAMILIES: [(&str, Option<[&str; 4]>); 5] = [
    ("pthread", Some(["tsd_pthread_once_t", "TSD_PTHREAD_ONCE_INIT", "pthread_once_t", "PTHREAD_ONCE_INIT"])),
    ("threads", Some(["tsd_once_flag", "TSD_ONCE_FLAG_INIT", "once_flag", "ONCE_FLAG_INIT"])),
    ("cxxabi", None),
    ("thread_local", None),
    ("windows", None),
];

/// A compiler, the language's standards, and the ending of its files.
const COMPILERS: [(&str, &[&str], &str); 6] = [
    ("gcc", &C, "c"),
    ("clang", &C, "c"),
    ("aarch64-linux-gnu-gcc", &["c11"], "c"),
    ("musl-gcc", &C, "c"),
    ("g++", &CXX, "cc"),
    ("clang++", &CXX, "cc"),
];
const C: [&str; 4] = ["c99", "c11", "c17", "c2x"];
const CXX: [&str; 5] = ["c++11", "c++14", "c++17", "c++20", "c++2b"];

/// What a kernel may have warned of. None of it is for one language alone, but for the last.
pub(super) const WARNINGS: [&str; 8] =
    ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wundef", "-Werror", "-Wc++-compat"];

/// Options that change what a header says.
const VARIANTS: [(&str, &[&str]); 8] = [
    ("usual", &[]),
    ("plain_names", &["-DTSD_PLAIN_NAMES"]),
    ("freestanding", &["-DTSD_PLAIN_NAMES", "-ffreestanding"]),
    (NOTHING, &["-DTSD_PLAIN_NAMES", "-ffreestanding", "-nostdinc"]),
    ("inline", &["-DTSD_THREAD_POINTER=fs", "-DTSD_THREAD_POINTER_OFFSET=64"]),
    ("inline_by_pointer", &["-DTSD_THREAD_POINTER=gs", "-DTSD_THREAD_POINTER_AT=0", "-DTSD_THREAD_POINTER_OFFSET=64"]),
    ("current", &["-DTSD_CURRENT()=tsd_current()"]),
    ("not_inline", &["-DTSD_THREAD_POINTER=fs", "-DTSD_THREAD_POINTER_OFFSET=64", "-DTSD_NO_INLINE"]),
];

/// The variant without any library's headers: a compiler's own folder has what the language demands.
const NOTHING: &str = "no_standard_headers";

/// One for each compiler, standard and variant.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (compiler, standards, ending) in COMPILERS {
        for standard in standards {
            for (variant, options) in VARIANTS {
                let name = format!("c::headers::{compiler}::{standard}::{variant}");
                if variant.starts_with("inline") && (!cfg!(target_arch = "x86_64") || is_cross(compiler)) {
                    continue;
                }
                trials.push(Trial::test(name, move || check(compiler, standard, ending, variant, options)));
            }
        }
    }
    trials
}

/// Whether what it compiles is for another CPU than the others'.
fn is_cross(compiler: &str) -> bool {
    compiler.starts_with("aarch64")
}

fn check(compiler: &str, standard: &str, ending: &str, variant: &str, options: &[&str]) -> Result<(), Failed> {
    let dir = scratch("headers")?;
    let mut own = command::of(compiler);
    let own = run(own.arg("-print-file-name=include"))?;
    for (name, text) in sources() {
        let file = dir.join(format!("{name}.{ending}"));
        write_once(&file, &text)?;
        let mut command = command::of(compiler);
        let warnings = &WARNINGS[..WARNINGS.len() - usize::from(ending == "cc")];
        command.arg(format!("-std={standard}")).args(warnings);
        command.arg("-fsyntax-only").arg("-I").arg(Environment::ALL[0].prefix().join("include"));
        if is_cross(compiler) {
            // It may have no library, and would read another CPU's.
            command.arg("-ffreestanding");
        }
        if variant == NOTHING {
            command.arg("-isystem").arg(String::from_utf8_lossy(&own.stdout).trim_end());
        }
        run(command.args(options).arg(&file))?;
    }
    Ok(())
}

/// All headers together, and each alone and included twice: `<tsd.h>` with a use of its macros, a family with a program
/// that has the other names for itself.
pub(super) fn sources() -> Vec<(&'static str, String)> {
    let families = FAMILIES.map(|(name, _)| format!("#include <tsd/{name}.h>\n")).concat();
    let mut sources = vec![
        (
            "all",
            format!("#include <tsd.h>\n{families}{USE}{}", FAMILIES.map(|(name, once)| use_once(name, once)).concat()),
        ),
        ("tsd", format!("#include <tsd.h>\n#include <tsd.h>\n{USE}")),
    ];
    for (name, once) in FAMILIES {
        let include = format!("#include <tsd/{name}.h>\n");
        sources.push((name, format!("{include}{include}{STRANGER}{}", use_once(name, once))));
    }
    sources
}

/// The initialiser of a once control initialises, and can be assigned, unless the plain one is another library's.
fn use_once(family: &str, names: Option<[&str; 4]>) -> String {
    let Some([prefixed_type, prefixed, plain_type, plain]) = names else { return String::new() };
    let each = |of: &str, value: &str| {
        let function = format!("void reset_{of}({of} *control)");
        format!("extern {of} of_{of};\n{of} of_{of} = {value};\n{function};\n{function} {{ *control = {value}; }}\n")
    };
    let is_ours = format!("defined(TSD_PLAIN_NAMES) && !defined(TSD_HAS_{}_H)", family.to_uppercase());
    format!("{}#if {is_ours}\n{}#endif\n", each(prefixed_type, prefixed), each(plain_type, plain))
}

const USE: &str = "static void f(uint32_t r, void *c) { (void)r; (void)c; }
TSD_NOTIFICATION(mine, f, NULL);
#define KEYS(KEY) KEY(first, NULL, 0) KEY(last, NULL, TSD_KEY_LAST_PHASE)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);
TSD_SPIN_WHILE_WAITING;
#if TSD_CRITICAL_SECTIONS
uintptr_t tsd_critical_acquire(void) { return 0; }
void tsd_critical_release(uintptr_t state) { (void)state; }
#endif
void *used_static(void);
void *used_static(void) { return tsd_static_set(first, NULL) ? NULL : tsd_static_get(last); }
void *used(tsd_key_t key);
void *used(tsd_key_t key) { return tsd_get(key); }
extern tsd_once_t used_once;
tsd_once_t used_once = TSD_ONCE_INIT;
void reset(void);
void reset(void) { used_once = TSD_ONCE_INIT; }
";

/// A program that has <tsd.h>'s names for itself, as allocators do, and none of its own that could be the family's.
const STRANGER: &str = "
typedef struct tsd_s { int state; } tsd_t;
typedef tsd_t tsd_key_t, tsd_slot_t, tsd_thread_t, tsd_table_t, tsd_once_t, tsd_destructor_t, tsd_exit_report_t;
static tsd_t tsd_current, tsd_table;
static tsd_t *tsd_get(int init) { return init ? &tsd_current : &tsd_table; }
static void tsd_set(tsd_t *value) { tsd_current = *value; }
static int tsd_once(void) { return 0; }
static int tsd_wait(void) { return tsd_once(); }
static int tsd_wake(void) { return tsd_wait(); }
static int tsd_key_create(void) { return tsd_wake(); }
static int tsd_key_delete(void) { return tsd_key_create(); }
static int tsd_thread_exit(void) { return tsd_key_delete(); }
int use_tsd(void);
int use_tsd(void) { tsd_set(tsd_get(tsd_thread_exit())); return tsd_current.state; }
";

/// Tests that run at once write the same.
pub(super) fn write_once(file: &Path, text: &str) -> Result<(), Failed> {
    if fs::read_to_string(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    let new = file.with_extension(format!("{:?}.new", std::thread::current().id()));
    fs::write(&new, text).and_then(|()| fs::rename(&new, file)).map_err(|error| error.to_string().into())
}
