//! Which lines and branches of the library the tests run, on the host and in two images.
//!
//! A line that none of them runs has its reason in docs/evidence/lines-not-run.md.
//!
//! - `profile`  the runs and their counts
//! - `report`   the counts by file and line

mod profile;
mod report;

use std::{collections::BTreeMap, fs, path::Path};

use self::{
    profile::Profile,
    report::{Counts, totals},
};
use super::{
    reasons::Reasons,
    record::{self, Figures},
    source,
};
use crate::{
    error::{Error, Result},
    image, machine, qemu,
    setup::{self, Wants},
    workspace,
};

/// Measures, and lists what was not run.
pub(super) fn run(may_install: bool) -> Result<Figures> {
    // They run the same code of the library but for `arch`, which the third has none of.
    let machines = [&machine::X86_64, &machine::AARCH64_MAX];
    // One compiler for all, so that the counts have one format.
    let toolchain = setup::prepare(Wants::to_boot(&machines), may_install)?;
    let mut profile = Profile::new(&toolchain, &workspace::evidence_dir("coverage")?)?;
    profile.add_host()?;
    profile.add_c_programs()?;
    for (machine, image) in machines.into_iter().zip(&image::WITH_COUNTERS) {
        qemu::check_version(machine.arch)?;
        profile.add_image(image, machine)?;
    }
    let report = report::read(&profile.report(may_install)?, &workspace::root().display().to_string());
    let (mut files, mut missed) = (BTreeMap::new(), Vec::new());
    let uncounted: Vec<_> = report::measured_files().into_iter().filter(|file| !report.contains_key(file)).collect();
    for (file, counts) in report {
        let text = fs::read_to_string(workspace::root().join(&file))
            .map_err(|error| Error::of_file("read", Path::new(&file), &error))?;
        let counts = counts.without_tests(&text);
        missed.push(missed_of(&file, &text, &counts));
        files.insert(file, counts);
    }
    record::write_file(&workspace::root().join("docs/evidence/coverage.md"), &listing(&files, &missed, &uncounted))?;
    let lines = missed.iter().flat_map(|missed| &missed.lines).map(|(subject, _)| subject);
    let subjects: Vec<_> = lines.chain(&uncounted).cloned().collect();
    Reasons::read("lines-not-run").check(&subjects)?;
    let (lines, run) = totals(files.values().flat_map(|counts| counts.lines.values()));
    let (branches, taken) = totals(files.values().flat_map(|counts| counts.branches.values()));
    Ok(Figures {
        how_many: format!(
            "{lines} lines and {branches} branches of src and arch, on the host, in C programs and in two images"
        ),
        result: format!(
            "{run} lines run ({}), {taken} branches taken ({}); a reason for each line that is not",
            percent(run, lines),
            percent(taken, branches)
        ),
    })
}

fn percent(part: u32, whole: u32) -> String {
    format!("{:.1} %", 100.0 * f64::from(part) / f64::from(whole))
}

/// What no run came by, in one file.
struct Missed {
    /// Lines of a function that follow one another: file, function and the first of them, and how many they are.
    lines: Vec<(String, usize)>,
    /// File, function, line of code, and what its condition never was.
    branches: Vec<String>,
}

fn missed_of(file: &str, text: &str, counts: &Counts) -> Missed {
    let (mut missed, mut function, mut open) = (Missed { lines: Vec::new(), branches: Vec::new() }, "", false);
    for (number, line) in (1..).zip(text.lines()) {
        let code = source::code(line);
        if let Some(name) = source::function(code) {
            (function, open) = (name, false);
        }
        let code_line = format!("{file} {function}: {}", code.trim());
        match counts.lines.get(&number) {
            Some(0) if open => {
                if let Some((subject, lines)) = missed.lines.last_mut() {
                    *lines += 1;
                    // A line with a name in it says more than a brace or a comment.
                    if !names_something(subject.rsplit(": ").next().unwrap_or_default()) {
                        *subject = code_line.clone();
                    }
                }
            }
            Some(0) => missed.lines.push((code_line.clone(), 1)),
            _ => {}
        }
        // What is no code of its own (a comment, a part of a statement) does not end what was open.
        open = counts.lines.get(&number).map_or(open, |count| *count == 0);
        let not_taken = counts.branches.iter().filter(|((line, ..), count)| *line == number && **count == 0);
        // Each condition has two ways, the first of which is the one where it holds.
        missed.branches.extend(not_taken.map(|((_, _, way), _)| format!("`{code_line}` is never {}", way % 2 == 0)));
    }
    missed
}

fn names_something(code: &str) -> bool {
    code.chars().any(char::is_alphabetic)
}

fn listing(files: &BTreeMap<String, Counts>, missed: &[Missed], uncounted: &[String]) -> String {
    let mut text = String::from(HEAD);
    for (file, counts) in files {
        let ((lines, run), (branches, taken)) = (totals(counts.lines.values()), totals(counts.branches.values()));
        text += &format!("| {file} | {lines} | {run} | {branches} | {taken} |\n");
    }
    text += "\n## Lines not run\n\nThe first of each group, and how many they are.\n\n";
    let lines = missed.iter().flat_map(|missed| &missed.lines);
    text.extend(lines.map(|(subject, lines)| format!("- `{subject}` ({lines})\n")));
    text += "\n## Files with no line that is counted\n\n";
    text.extend(uncounted.iter().map(|file| format!("- `{file}`\n")));
    text += "\n## Branches not taken\n\n";
    text.extend(missed.iter().flat_map(|missed| &missed.branches).map(|branch| format!("- {branch}\n")));
    text
}

const HEAD: &str = "\
# Coverage

The lines that are run and the branches that are taken by the tests on the host, the C programs among them, and by the
kernel in two images, together. Written by `cargo run -- evidence coverage`; lines-not-run.md says why a line is not.

| File | Lines | run | Branches | taken |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_one_another_are_one_group() {
        let text = "fn a() {\n    b();\n    }\n    // Why.\n    c();\n    d();\n}\nfn e() {\n}\n";
        let counts = Counts {
            lines: BTreeMap::from([(1, 1), (2, 1), (3, 0), (5, 0), (6, 1), (7, 0), (8, 0), (9, 0)]),
            branches: BTreeMap::from([((2, 0, 0), 0), ((2, 0, 1), 1), ((6, 1, 3), 0)]),
        };
        let Missed { lines, branches } = missed_of("f", text, &counts);
        assert_eq!(lines, [("f a: c();".into(), 2), ("f a: }".into(), 1), ("f e: fn e() {".into(), 2)]);
        assert_eq!(branches, ["`f a: b();` is never true", "`f a: d();` is never false"]);
    }
}
