//! What the headers declare is called: each function by some program below `tests/c/programs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use tsd_runner::workspace;

use super::commands::{files, source};

/// What no program calls, and why.
const NOT_CALLED: [(&str, &str); 11] = [
    ("tsd_wait", "a hook: the harness defines it, and the archive calls it"),
    ("tsd_wake", "a hook, likewise"),
    ("tsd_critical_acquire", "a hook, likewise, of CPUs without compare-and-swap"),
    ("tsd_critical_release", "a hook, likewise"),
    ("tsd_allocate", "a hook, likewise"),
    ("tsd_free", "a hook, likewise"),
    ("tsd_thread_local_failed", "a hook, likewise"),
    ("tsd_table", "the key table, which is no function"),
    ("tsd_slot_load", "what tsd_static_get() is made of"),
    ("tsd_static_store", "what tsd_static_set() is made of"),
    ("tsd_static_set_first", "what tsd_static_set() calls where a thread sets a key first"),
];

/// One.
pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("c::declared::every_function_is_called", check)]
}

fn check() -> Result<(), Failed> {
    let headers = workspace::root().join("include");
    let headers = text_of(files(&headers).into_iter().chain(files(&headers.join("tsd"))))?;
    let declared: BTreeSet<String> = symbols(&headers).chain(macros(&headers)).collect();
    let programs = files(&source().join("programs")).into_iter().flat_map(|folder| files(&folder));
    let programs = text_of(programs)?;
    let mut wrong = Vec::new();
    for name in &declared {
        match (calls(&programs, name), NOT_CALLED.iter().any(|(not_called, _)| not_called == name)) {
            (false, false) => wrong.push(format!("no program calls {name}()")),
            (true, true) => wrong.push(format!("a program calls {name}(), which is among those that none calls")),
            _ => {}
        }
    }
    let unknown = NOT_CALLED.iter().filter(|(name, _)| !declared.contains(*name));
    wrong.extend(unknown.map(|(name, why)| format!("no header declares {name} ({why})")));
    if declared.len() < 40 {
        wrong.push(format!(
            "the headers declare {} functions only: they are not read as they are written",
            declared.len()
        ));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Those files, without comments.
fn text_of(files: impl Iterator<Item = impl AsRef<Path>>) -> Result<String, Failed> {
    let mut text = String::new();
    for file in files.filter(|file| file.as_ref().is_file()) {
        let whole = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.as_ref().display()))?;
        // A comment ends where the next part begins with its end.
        let parts = whole.split("/*").enumerate();
        let code = parts.filter_map(|(at, part)| if at == 0 { Some(part) } else { Some(part.split_once("*/")?.1) });
        code.for_each(|code| text.push_str(code));
    }
    Ok(text)
}

/// The functions and objects that a header declares with TSD_SYMBOL or TSD_FAMILY_SYMBOL.
pub(crate) fn symbols(header: &str) -> impl Iterator<Item = String> {
    [(" TSD_SYMBOL(", ""), (" TSD_FAMILY_SYMBOL(", "tsd_")].into_iter().flat_map(|(mark, prefix)| {
        header.lines().filter_map(move |line| {
            let (before, rest) = line.split_once(mark)?;
            (!before.starts_with("#define")).then(|| format!("{prefix}{}", name_at_start(rest)))
        })
    })
}

/// The macros that are used like functions.
fn macros(header: &str) -> impl Iterator<Item = String> {
    header.lines().filter_map(|line| {
        let rest = line.strip_prefix("#define ")?;
        let name = name_at_start(rest);
        (name.starts_with("tsd_") && rest[name.len()..].starts_with('(')).then(|| name.to_owned())
    })
}

fn name_at_start(text: &str) -> &str {
    text.split(|c: char| !is_of_name(c)).next().unwrap_or_default()
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether there is a call of a function of this whole name.
fn calls(programs: &str, name: &str) -> bool {
    programs
        .match_indices(name)
        .any(|(at, _)| programs[at + name.len()..].starts_with('(') && !programs[..at].ends_with(is_of_name))
}
