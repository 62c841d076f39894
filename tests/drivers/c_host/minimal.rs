//! The archive of `install --minimal`: what is missing is refused, by the compiler or by the linker.

use std::collections::BTreeSet;
use std::fs;

use libtest_mimic::{Failed, Trial};
use tsd_runner::install::{archive::suffix, linked};
use tsd_runner::{command, tools, workspace};

use super::commands::{run, scratch};
use super::environment::Environment;

const MINIMAL: Environment = Environment::MINIMAL;

/// All tests.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("c::minimal::symbols", symbols),
        Trial::test("c::minimal::mismatch_fails_at_link_time", mismatch_fails_at_link_time),
        Trial::test("c::minimal::what_is_missing_does_not_link", what_is_missing_does_not_link),
        Trial::test("c::minimal::what_is_missing_does_not_compile", what_is_missing_does_not_compile),
        Trial::test("c::minimal::linked_bytes", linked_bytes),
    ]
}

/// It defines what the header says that it has, and wants the hook alone.
fn symbols() -> Result<(), Failed> {
    let suffix = suffix(&MINIMAL.options());
    assert!(suffix.ends_with("_minimal"), "{suffix}");
    let mut nm = command::of(tools::NM.command);
    let output = run(nm.args(["--extern-only", "--format=posix"]).arg(MINIMAL.prefix().join("lib/libtsd.a")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = |is_wanted: bool| -> BTreeSet<String> {
        let symbols = text.lines().filter_map(|line| line.split_once(' '));
        let chosen = symbols.filter(|(_, kind)| kind.starts_with(['U', 'w']) == is_wanted);
        chosen.map(|(name, _)| name.strip_suffix(&suffix).unwrap_or(name).to_owned()).collect()
    };
    let core = ["key_create", "key_delete", "get", "set", "thread_init", "thread_exit", "thread_reap", "table"];
    let posix = ["pthread_key_create", "pthread_key_delete", "pthread_getspecific", "pthread_setspecific"];
    let c11 = ["tss_create", "tss_delete", "tss_get", "tss_set"];
    let expected: BTreeSet<String> = core.iter().chain(&posix).chain(&c11).map(|name| format!("tsd_{name}")).collect();
    assert_eq!(names(false), expected);
    let outside: Vec<_> = names(true).difference(&expected).cloned().collect();
    assert_eq!(outside, ["tsd_current"]);
    Ok(())
}

const THREAD: &str = "#include <tsd.h>
static tsd_thread_t thread;
tsd_thread_t *tsd_current(void) { return &thread; }
";

/// Compiles and links a program with the headers of one archive, and another archive; what the commands say if not.
fn build(name: &str, text: &str, headers: &Environment, archive: &Environment) -> Result<(), Failed> {
    let file = scratch("minimal")?.join(name).with_extension("c");
    fs::write(&file, format!("{THREAD}{text}")).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut gcc = command::of("gcc");
    gcc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I"]).arg(headers.prefix().join("include")).arg(&file);
    gcc.arg("-L").arg(archive.prefix().join("lib")).args(["-ltsd", "-o"]).arg(file.with_extension(""));
    run(&mut gcc).map(drop)
}

/// That it fails, and says so.
fn must_fail(name: &str, text: &str, headers: &Environment, archive: &Environment, says: &str) -> Result<(), Failed> {
    let Err(failed) = build(name, text, headers, archive) else { return Err(format!("{name} links").into()) };
    let message = failed.message().unwrap_or_default();
    assert!(message.contains(says), "{says}: {message}");
    Ok(())
}

const KEEPS: &str = "int main(void) { return tsd_set(1, &thread) == 0; }\n";

/// The headers of either with the archive of the other.
fn mismatch_fails_at_link_time() -> Result<(), Failed> {
    let usual = &Environment::ALL[0];
    build("right", KEEPS, &MINIMAL, &MINIMAL)?;
    for (name, headers, archive) in [("minimal_headers", &MINIMAL, usual), ("usual_headers", usual, &MINIMAL)] {
        must_fail(name, KEEPS, headers, archive, &format!("tsd_set{}", suffix(&headers.options())))?;
    }
    Ok(())
}

/// Functions that the headers declare and the archive has not.
fn what_is_missing_does_not_link() -> Result<(), Failed> {
    for (function, call) in [
        ("tsd_once", "(int)(intptr_t)tsd_once"),
        ("tsd_at_thread_exit", "tsd_at_thread_exit(0, 0)"),
        ("tsd_run_exit_functions", "(int)tsd_run_exit_functions()"),
        ("tsd_key_create_with", "tsd_key_create_with(0, 0)"),
        ("tsd_thread_attach", "tsd_thread_attach()"),
        ("tsd_notification_register", "tsd_notification_register(0)"),
        ("tsd_keys_in_use", "(int)tsd_keys_in_use()"),
        ("tsd_key_next", "tsd_key_next(0, 0)"),
        ("tsd_keys_purge", "(int)tsd_keys_purge(0, 0)"),
        ("tsd_thread_is_exiting", "tsd_thread_is_exiting(&thread)"),
    ] {
        let text = format!("int main(void) {{ return {call}; }}\n");
        must_fail(function, &text, &MINIMAL, &MINIMAL, &format!("{function}{}", suffix(&MINIMAL.options())))?;
    }
    Ok(())
}

/// What would link, and do nothing.
fn what_is_missing_does_not_compile() -> Result<(), Failed> {
    for (name, text, says) in [
        ("report", "int main(void) { tsd_exit_report_t report; tsd_thread_exit(&report); return 0; }\n", "report"),
        (
            "static_keys",
            "#define KEYS(KEY) KEY(first, NULL, 0)\nTSD_STATIC_KEYS(KEYS);\nint main(void) { return 0; }\n",
            "static_keys",
        ),
        (
            "notification",
            "static void f(uint32_t reason, void *context) { (void)reason; (void)context; }\nTSD_NOTIFICATION(mine, f, NULL);\nint main(void) { return 0; }\n",
            "notifications",
        ),
        (
            "pthread_once",
            "#include <tsd/pthread.h>\nint main(void) { return tsd_pthread_once(0, 0); }\n",
            "tsd_pthread_once",
        ),
        ("windows", "#include <tsd/windows.h>\nint main(void) { return 0; }\n", "tsd/windows.h"),
        ("cxxabi", "#include <tsd/cxxabi.h>\nint main(void) { return 0; }\n", "tsd/cxxabi.h"),
    ] {
        must_fail(name, text, &MINIMAL, &MINIMAL, says)?;
    }
    Ok(())
}

/// A KiB.
const MOST: u64 = 1024;

/// On the smallest target a kernel links no more than that, with any compiler; and with that of docs/sizes.md what the
/// page says.
fn linked_bytes() -> Result<(), Failed> {
    let of = |is_minimal| linked::bytes("thumbv7m", is_minimal).map_err(|error| error.to_string());
    let (usual, minimal) = (of(false)?, of(true)?);
    assert!(minimal.flash <= MOST && usual.flash > 2 * minimal.flash, "{usual:?}, {minimal:?}");
    let page = workspace::root().join("docs/sizes.md");
    let page = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let compiler = linked::compiler().ok_or("no compiler")?;
    if page.contains(&format!("Compiler: {compiler}\n")) {
        let row = linked::row("thumbv7m").map_err(|error| error.to_string())?;
        assert!(page.contains(&row), "docs/sizes.md has another row than {row}: cargo run -p tsd-figures -- sizes");
    }
    Ok(())
}
