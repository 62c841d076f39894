//! The rows of docs/porting: the last table of each page has one for each step that can be forgotten, with the words that are
//! seen then and the trial that sees them.

use std::fs;

use libtest_mimic::Failed;
use tsd_runner::workspace;

/// The header of the table.
const HEADER: &str = "| Forgotten | How it shows | Seen by |";

/// A step that was forgotten.
#[derive(Debug)]
pub(crate) struct Row {
    /// What is seen, with the words themselves in quotes.
    shows: String,
    /// The name of a trial, or `argued`.
    pub(crate) seen_by: String,
}

/// The rows of all pages.
pub(crate) fn all() -> Result<Vec<Row>, Failed> {
    let folder = workspace::root().join("docs/porting");
    let mut rows = Vec::new();
    for page in fs::read_dir(folder)?.flatten().map(|entry| entry.path()) {
        let text = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
        let table = text.split_once(HEADER).map_or("", |(_, rest)| rest);
        for line in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<_> = line.split(" | ").collect();
            let [_, shows, seen_by] = cells[..] else { return Err(format!("{}: {line}", page.display()).into()) };
            let seen_by = seen_by.trim_end_matches(" |").trim_matches('`').to_owned();
            rows.push(Row { shows: shows.to_owned(), seen_by });
        }
    }
    Ok(rows)
}

/// What the row quotes that names this trial.
pub(crate) fn words_of(name: &str) -> Result<Vec<String>, Failed> {
    let rows = all()?;
    let row = rows.iter().find(|row| row.seen_by == name).ok_or("no page has a row for it")?;
    let words: Vec<_> = row.shows.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!words.is_empty(), "the row quotes nothing: {row:?}");
    Ok(words)
}
