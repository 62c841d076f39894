//! Mutation testing: the library changed in one place at a time, and the tests of the host run on it.
//!
//! A mutant that survives is equivalent to the library, or only what runs elsewhere tells it apart;
//! docs/evidence/mutants-not-caught.md says which.

use std::{fs, path::Path};

use super::{
    reasons::Reasons,
    record::{self, Figures},
    tools::Tool,
};
use crate::{
    command,
    error::{Error, Result},
    toolchain::Toolchain,
    workspace,
};

const CARGO_MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };

/// The tests that run the library in their own process.
const TESTS: [&str; 6] =
    ["--lib", "--test=host", "--test=model", "--test=port", "--test=capacity", "--test=allocation"];

/// Tries every mutant of src, but for the C adapters, whose tests are C programs.
pub(super) fn run(may_install: bool) -> Result<Figures> {
    let program = CARGO_MUTANTS.program(may_install)?;
    let toolchain = Toolchain::current().ok_or_else(|| Error::usage("no cargo on the search path"))?;
    let folder = workspace::evidence_dir("mutants")?;
    let mut mutants = toolchain.with_host_program(&program);
    mutants.args(["mutants", "--package=tsd", "--file=src/*.rs", "--gitignore=true", "--colors=never", "--output"]);
    mutants.arg(&folder).arg("--");
    mutants.args(TESTS);
    command::echo(&mutants);
    // Its status says whether any survived, which is judged below.
    let _ = command::run(&mut mutants);
    let results = folder.join("mutants.out");
    let count = |name: &str| lines(&results.join(name)).map(|lines| lines.len());
    let survivors: Vec<_> = lines(&results.join("missed.txt"))?.iter().map(|line| without_position(line)).collect();
    let (caught, timed_out) = (count("caught.txt")?, count("timeout.txt")?);
    write_survivors(&survivors)?;
    Reasons::read("mutants-not-caught").check(&survivors)?;
    Ok(Figures {
        how_many: format!("{} mutants that compile", caught + timed_out + survivors.len()),
        result: format!("{} caught, {} with a reason", caught + timed_out, survivors.len()),
    })
}

fn write_survivors(survivors: &[String]) -> Result<()> {
    let list: String = survivors.iter().map(|survivor| format!("- `{survivor}`\n")).collect();
    let text = format!(
        "# Mutants that no test on the host catches\n\nWritten by `cargo run -- evidence mutants`; \
                        mutants-not-caught.md says why.\n\n{list}"
    );
    record::write_file(&workspace::root().join("docs/evidence/mutants.md"), &text)
}

fn lines(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::failure(format!("{} can't be read: {error}", path.display())))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// `FILE:LINE:COLUMN: WHAT` without the numbers, which change with every line above.
fn without_position(line: &str) -> String {
    let mut parts = line.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(what)) => format!("{file}:{what}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_is_left_out() {
        let line = "src/table.rs:198:22: replace - with + in KeyTable<N>::create_with";
        assert_eq!(without_position(line), "src/table.rs: replace - with + in KeyTable<N>::create_with");
    }
}
