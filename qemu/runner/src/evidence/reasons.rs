//! What a check left unproved, and why that is right: a file in docs/evidence, written by hand and checked by command.
//!
//! Each entry is a heading `## SUBJECT` and the text below it. A subject that came up has to have an entry, and an
//! entry whose subject did not come up has to go.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::{
    error::{Error, Result},
    workspace,
};

/// The entries of one file.
pub(super) struct Reasons {
    path: PathBuf,
    entries: BTreeMap<String, String>,
}

impl Reasons {
    /// Reads docs/evidence/`name`.md; a file that is not there has no entries.
    pub(super) fn read(name: &str) -> Self {
        let path = workspace::root().join("docs/evidence").join(name).with_extension("md");
        let text = fs::read_to_string(&path).unwrap_or_default();
        Self { path, entries: parsed(&text) }
    }

    /// Whether there is an entry.
    pub(super) fn has(&self, subject: &str) -> bool {
        self.entries.contains_key(subject)
    }

    /// Compares the entries with the subjects that came up.
    ///
    /// # Errors
    /// An entry is missing, empty or left over; all of them are named.
    pub(super) fn check(&self, came_up: &[String]) -> Result<()> {
        let has_reason = |subject: &String| self.entries.get(subject).is_some_and(|reason| !reason.is_empty());
        let missing =
            came_up.iter().filter(|subject| !has_reason(subject)).map(|subject| format!("no reason: {subject}"));
        let left_over = self.entries.keys().filter(|subject| !came_up.contains(subject));
        let problems: Vec<_> = missing.chain(left_over.map(|subject| format!("did not come up: {subject}"))).collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::failure(format!("{} does not fit", self.path.display())).with_details(problems))
    }
}

fn parsed(text: &str) -> BTreeMap<String, String> {
    let sections = text.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap_or((section, "")));
    sections.map(|(subject, reason)| (subject.trim().replace('`', ""), reason.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_needs_its_reason_and_no_more() {
        let entries = parsed("# Title\n\nText.\n\n## `a` b\n\nWhy.\n\n## c\n");
        let reasons = Reasons { path: "file".into(), entries };
        let check = |subjects: &[&str]| {
            let subjects: Vec<_> = subjects.iter().map(|&subject| subject.into()).collect();
            reasons.check(&subjects).map_err(|error| error.to_string())
        };
        assert_eq!(check(&["a b", "c"]), Err("file does not fit\n  no reason: c".into()));
        assert_eq!(check(&["a b"]), Err("file does not fit\n  did not come up: c".into()));
        assert_eq!(parsed(""), BTreeMap::new());
    }
}
