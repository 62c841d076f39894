//! The table of results: docs/evidence.md, one row a kind, each written by the command that produced it.

use std::{fs, path::Path, process::Command};

use super::kind::Kind;
use crate::{
    command,
    error::{Error, Result},
    output::say,
    workspace,
};

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    /// How much was checked.
    pub(super) how_many: String,
    /// What came out.
    pub(super) result: String,
}

const HEAD: &str = "\
# Evidence

What was checked beside the tests. Each row is written by the command in it, when it has succeeded;
docs/decisions.md says what each kind of evidence can show and what it can't.

| What | Command | How many | Result | Revision |
|---|---|---|---|---|
";

/// Puts the row of `kind` in the table.
pub(super) fn write(kind: Kind, figures: &Figures) -> Result<()> {
    let path = workspace::root().join("docs/evidence.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    write_file(&path, &replaced(&before, kind, figures, &revision()))?;
    say!("{}: {}; {}", kind.name(), figures.how_many, figures.result);
    Ok(())
}

/// Writes a file below docs, with its folder.
pub(super) fn write_file(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(path, text));
    written.map_err(|error| Error::of_file("written", path, &error))
}

fn replaced(before: &str, kind: Kind, figures: &Figures, revision: &str) -> String {
    let Figures { how_many, result } = figures;
    let name = kind.name();
    let row = format!("| {name} | `cargo run -- evidence {name}` | {how_many} | {result} | {revision} |");
    let old = |kind: Kind| before.lines().find(|line| line.starts_with(&format!("| {} |", kind.name())));
    let rows = Kind::ALL.into_iter().filter_map(|each| if each == kind { Some(row.as_str()) } else { old(each) });
    HEAD.lines().chain(rows).map(|line| format!("{line}\n")).collect()
}

/// The commit that was checked, with a + where the tree has other changes than to docs.
pub(super) fn revision() -> String {
    let root = workspace::root();
    let git = |words: &[&str]| command::answer(Command::new("git").arg("-C").arg(&root).args(words));
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no", "--", ":!docs"]).is_some_and(|list| !list.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".into());
    format!("{commit}{}", if changed { "+" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_takes_its_place() {
        let figures = |how_many: &str| Figures { how_many: how_many.into(), result: "passed".into() };
        let one = replaced("", Kind::Orderings, &figures("1"), "a");
        let two = replaced(&one, Kind::Interleavings, &figures("2"), "b");
        let again = replaced(&two, Kind::Orderings, &figures("3"), "c");
        let rows: Vec<_> = again.lines().filter(|line| line.contains("passed")).collect();
        assert_eq!(
            rows,
            [
                "| interleavings | `cargo run -- evidence interleavings` | 2 | passed | b |",
                "| orderings | `cargo run -- evidence orderings` | 3 | passed | c |",
            ]
        );
        assert!(again.starts_with(HEAD));
    }
}
