//! Which lines of the library the tests on the host run.

use std::{collections::BTreeMap, fs, path::PathBuf};

use super::{
    record::{self, Figures},
    tools::Tool,
};
use crate::{
    command,
    error::{Error, Result},
    packages, setup,
    toolchain::Toolchain,
    workspace,
};

const CARGO_LLVM_COV: Tool = Tool { name: "cargo-llvm-cov", version: "0.9.1" };

/// What is measured: the tests that run the library in their own process.
const TESTS: [&str; 6] =
    ["--lib", "--test=host", "--test=model", "--test=port", "--test=capacity", "--test=allocation"];

/// The folders whose lines count.
const MEASURED: [&str; 2] = ["src/", "arch/"];

/// How often each line of a file was run.
type Lines = BTreeMap<u32, u64>;

/// Measures, and lists the lines that were not run.
pub(super) fn run(may_install: bool) -> Result<Figures> {
    let program = CARGO_LLVM_COV.program(may_install)?;
    let toolchain = Toolchain::current().ok_or_else(|| Error::usage("no cargo on the search path"))?;
    let report = workspace::evidence_dir("coverage")?.join("lcov.info");
    let mut measure = toolchain.with_host_program(&program);
    for (variable, tool) in [("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata")] {
        measure.env(variable, llvm_tool(&toolchain, tool, may_install)?);
    }
    measure.args(["llvm-cov", "test", "--package=tsd", "--lcov", "--output-path"]).arg(&report).args(TESTS);
    measure.env("CARGO_LLVM_COV_TARGET_DIR", workspace::evidence_dir("coverage")?.join("target"));
    command::run(&mut measure)?;
    let text = fs::read_to_string(&report)
        .map_err(|error| Error::failure(format!("{} can't be read: {error}", report.display())))?;
    let files = measured(&text);
    let (all, run) = files
        .values()
        .flat_map(BTreeMap::values)
        .fold((0, 0), |(all, run), &count| (all + 1, run + u32::from(count > 0)));
    record::write_file(&workspace::root().join("docs/evidence/coverage.md"), &listing(&files)?)?;
    Ok(Figures {
        how_many: format!("{all} lines of src and arch"),
        result: format!(
            "{run} are run on the host ({:.1} %); the others are listed",
            100.0 * f64::from(run) / f64::from(all)
        ),
    })
}

/// One of LLVM's tools, as old as the compiler's LLVM: the compiler's own or the distribution's.
fn llvm_tool(toolchain: &Toolchain, name: &str, may_install: bool) -> Result<PathBuf> {
    let own = toolchain.rustlib().join(toolchain.host()).join("bin").join(name);
    if own.is_file() {
        return Ok(own);
    }
    let llvm = toolchain.llvm().ok_or_else(|| Error::failure("the compiler does not say which LLVM it has"))?;
    let packaged = PathBuf::from(format!("/usr/lib/llvm-{llvm}/bin")).join(name);
    if !packaged.is_file() {
        packages::install_on_debian(&[&format!("llvm-{llvm}")], may_install && !setup::is_forbidden())?;
    }
    Ok(packaged)
}

/// Reads an lcov report: the lines of the files that count, by the files' places in the repository.
fn measured(report: &str) -> BTreeMap<String, Lines> {
    let root = format!("{}/", workspace::root().display());
    let mut files: BTreeMap<String, Lines> = BTreeMap::new();
    let mut file = None;
    for line in report.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            let path = path.strip_prefix(&root).unwrap_or(path);
            // A module that lies outside of src is named by the way from there.
            let path = path.strip_prefix("src/../").unwrap_or(path);
            file = MEASURED.iter().any(|folder| path.starts_with(folder)).then(|| path.to_owned());
        }
        if let (Some(file), Some((number, count))) =
            (&file, line.strip_prefix("DA:").and_then(|data| data.split_once(',')))
            && let (Ok(number), Ok(count)) = (number.parse(), count.parse::<u64>())
        {
            *files.entry(file.clone()).or_default().entry(number).or_default() += count;
        }
    }
    files
}

fn listing(files: &BTreeMap<String, Lines>) -> Result<String> {
    let mut text = String::from(
        "# Lines that no test on the host runs\n\nWritten by `cargo run -- evidence coverage`. What the images run is not \
         part of it yet.\n",
    );
    for (file, lines) in files {
        let source = fs::read_to_string(workspace::root().join(file))
            .map_err(|error| Error::failure(format!("{file} can't be read: {error}")))?;
        let missed: Vec<_> =
            lines.iter().filter(|(_, count)| **count == 0).map(|(number, _)| *number as usize).collect();
        if !missed.is_empty() {
            text += &format!("\n## {file}: {} of {}\n\n", missed.len(), lines.len());
            let code = |number: usize| source.lines().nth(number.saturating_sub(1)).unwrap_or_default().trim();
            text.extend(missed.into_iter().map(|number| format!("- `{}`\n", code(number))));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_measured_files_are_added_up() {
        let root = workspace::root();
        let report = format!(
            "SF:{0}/src/a.rs\nDA:1,2\nDA:2,0\nend_of_record\nSF:{0}/tests/b.rs\nDA:1,1\nend_of_record\n\
             SF:{0}/src/a.rs\nDA:2,1\nend_of_record\n",
            root.display()
        );
        let expected = BTreeMap::from([("src/a.rs".to_owned(), BTreeMap::from([(1, 2), (2, 1)]))]);
        assert_eq!(measured(&report), expected);
    }
}
