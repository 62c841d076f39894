//! What became of the mutants of one file: kept in the target directory as long as the file stays as it is.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    workspace,
};

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A test failed.
    Caught,
    /// A test did not end.
    TimedOut,
    /// It does not compile.
    Unviable,
    /// Every test passed.
    Missed,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Caught, Self::TimedOut, Self::Unviable, Self::Missed];

    /// What cargo-mutants calls its list of them.
    fn list(self) -> &'static str {
        match self {
            Self::Caught => "caught.txt",
            Self::TimedOut => "timeout.txt",
            Self::Unviable => "unviable.txt",
            Self::Missed => "missed.txt",
        }
    }
}

/// The mutants of one file, by the name that cargo-mutants gives them.
pub(super) struct Outcomes {
    folder: PathBuf,
    revision: String,
    verdicts: BTreeMap<String, Verdict>,
}

impl Outcomes {
    /// Those that are kept of `file` below `root`: none if its text is another now, and then they are of `revision`.
    pub(super) fn open(root: &Path, file: &Path, revision: &str) -> Result<Self> {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self::in_folder(workspace::evidence_dir("mutants")?.join("outcomes").join(name), &root.join(file), revision)
    }

    fn in_folder(folder: PathBuf, source: &Path, revision: &str) -> Result<Self> {
        let text = fs::read(source).map_err(|error| Error::of_file("read", source, &error))?;
        let (text_file, revision_file) = (folder.join("source.rs"), folder.join("revision"));
        if fs::read(&text_file).ok() != Some(text.clone()) {
            let renewed = workspace::remove_folder(&folder)
                .and_then(|()| fs::create_dir_all(&folder))
                .and_then(|()| fs::write(&revision_file, revision))
                .and_then(|()| fs::write(&text_file, text));
            renewed.map_err(|error| Error::of_file("renewed", &folder, &error))?;
        }
        let revision =
            fs::read_to_string(&revision_file).map_err(|error| Error::of_file("read", &revision_file, &error))?;
        let mut outcomes = Self { folder, revision, verdicts: BTreeMap::new() };
        outcomes.take(&outcomes.folder.clone())?;
        // What a run had found when it was interrupted.
        outcomes.take_results()?;
        Ok(outcomes)
    }

    /// Where cargo-mutants leaves its results.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a run writes.
    pub(super) fn results(&self) -> PathBuf {
        self.folder.join("mutants.out")
    }

    /// How many mutants the run that is under way has tried.
    pub(super) fn tried_now(results: &Path) -> usize {
        let lists = Verdict::ALL.iter().filter_map(|verdict| fs::read_to_string(results.join(verdict.list())).ok());
        lists.map(|list| list.lines().count()).sum()
    }

    /// Notes that every mutant of the file has been tried.
    pub(super) fn complete(&self) -> Result<()> {
        let note = self.complete_note();
        fs::write(&note, "").map_err(|error| Error::of_file("written", &note, &error))
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete_note().is_file()
    }

    fn complete_note(&self) -> PathBuf {
        self.folder.join("complete")
    }

    pub(super) fn revision(&self) -> &str {
        &self.revision
    }

    /// Tells cargo-mutants, which iterates over earlier results, which mutants need not be tried again.
    pub(super) fn prepare(&self) -> Result<()> {
        let results = self.results();
        let settled = self.verdicts.iter().filter(|(_, verdict)| **verdict != Verdict::Missed);
        let list: String = settled.map(|(mutant, _)| format!("{mutant}\n")).collect();
        let prepared = workspace::remove_folder(&results)
            .and_then(|()| fs::create_dir_all(&results))
            .and_then(|()| fs::write(results.join("previously_caught.txt"), list));
        prepared.map_err(|error| Error::of_file("prepared", &results, &error))
    }

    /// Takes over the results of a run, and keeps all.
    pub(super) fn take_results(&mut self) -> Result<()> {
        self.take(&self.results())?;
        for verdict in Verdict::ALL {
            let path = self.folder.join(verdict.list());
            let mutants = self.verdicts.iter().filter(|(_, of)| **of == verdict);
            let list: String = mutants.map(|(mutant, _)| format!("{mutant}\n")).collect();
            fs::write(&path, list).map_err(|error| Error::of_file("written", &path, &error))?;
        }
        Ok(())
    }

    fn take(&mut self, folder: &Path) -> Result<()> {
        for verdict in Verdict::ALL {
            let path = folder.join(verdict.list());
            match fs::read_to_string(&path) {
                Ok(text) => self.verdicts.extend(text.lines().map(|mutant| (mutant.to_owned(), verdict))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::of_file("read", &path, &error)),
            }
        }
        Ok(())
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.values().filter(|of| **of == verdict).count()
    }

    /// The mutants that no test caught, without their lines and columns.
    pub(super) fn survivors(&self) -> impl Iterator<Item = String> {
        let missed = self.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Missed);
        missed.map(|(mutant, _)| without_position(mutant))
    }
}

/// `FILE:LINE:COLUMN: WHAT` without the numbers, which change with every line above.
fn without_position(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(what)) => format!("{file}:{what}"),
        _ => mutant.to_owned(),
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

    #[test]
    fn outcomes_are_kept_as_long_as_the_file_is_the_same() {
        let folder = workspace::evidence_dir("mutants-test").unwrap();
        let source = folder.join("a.rs");
        let open = |revision| Outcomes::in_folder(folder.join("a"), &source, revision).unwrap();
        fs::write(&source, "one").unwrap();
        let mut outcomes = open("1");
        outcomes.prepare().unwrap();
        fs::write(outcomes.results().join("caught.txt"), "a.rs:1:1: first\n").unwrap();
        fs::write(outcomes.results().join("missed.txt"), "a.rs:2:1: second\n").unwrap();
        outcomes.take_results().unwrap();

        let mut outcomes = open("2");
        assert_eq!((outcomes.revision(), outcomes.count(Verdict::Caught)), ("1", 1));
        assert_eq!(outcomes.survivors().collect::<Vec<_>>(), ["a.rs: second"]);
        outcomes.prepare().unwrap();
        assert_eq!(fs::read_to_string(outcomes.results().join("previously_caught.txt")).unwrap(), "a.rs:1:1: first\n");
        fs::write(outcomes.results().join("timeout.txt"), "a.rs:2:1: second\n").unwrap();
        outcomes.take_results().unwrap();
        assert_eq!((outcomes.count(Verdict::TimedOut), outcomes.count(Verdict::Missed)), (1, 0));

        fs::write(&source, "two").unwrap();
        let outcomes = open("2");
        assert_eq!((outcomes.revision(), outcomes.count(Verdict::Caught)), ("2", 0));
        assert!(!outcomes.is_complete());
        outcomes.complete().unwrap();
        assert!(open("3").is_complete());
        fs::remove_dir_all(folder).unwrap();
    }
}
