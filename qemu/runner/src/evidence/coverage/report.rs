//! What a report in the format of lcov says of the library's files.

use std::{collections::BTreeMap, fs, path::Path};

use crate::workspace;

/// The folders whose files count.
const MEASURED: [&str; 2] = ["src/", "arch/"];

/// How often each line of a file was run, and each branch taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) lines: BTreeMap<usize, u64>,
    /// By line, the number of the condition on it, and which way it goes.
    pub(super) branches: BTreeMap<(usize, u32, u32), u64>,
}

/// Reads a report: the counts of the files that count, by the files' paths below `root`.
pub(super) fn read(report: &str, root: &str) -> BTreeMap<String, Counts> {
    let mut files: BTreeMap<String, Counts> = BTreeMap::new();
    let mut file = None;
    for line in report.lines() {
        let Some((kind, data)) = line.split_once(':') else { continue };
        if kind == "SF" {
            let path = data.strip_prefix(root).map_or(data, |path| path.trim_start_matches('/'));
            // A module that lies in another folder is named by the way from there.
            let path = path.split_once("/../").map_or(path, |(_, path)| path);
            file = MEASURED.iter().any(|folder| path.starts_with(folder)).then(|| path.to_owned());
        }
        let Some(file) = &file else { continue };
        let numbers: Vec<u64> = data.split(',').map(|number| number.parse().unwrap_or(0)).collect();
        match (kind, &numbers[..]) {
            ("DA", [line, count, ..]) => {
                *files.entry(file.clone()).or_default().lines.entry(*line as usize).or_default() += count;
            }
            ("BRDA", [line, condition, way, count]) => {
                let branch = (*line as usize, *condition as u32, *way as u32);
                *files.entry(file.clone()).or_default().branches.entry(branch).or_default() += count;
            }
            _ => {}
        }
    }
    files
}

impl Counts {
    /// Leaves out the tests that stand at the end of a file.
    pub(super) fn without_tests(mut self, text: &str) -> Self {
        let end = 1 + text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(usize::MAX - 1);
        self.lines.retain(|line, _| *line < end);
        self.branches.retain(|(line, ..), _| *line < end);
        self
    }
}

/// Every file that counts.
pub(super) fn measured_files() -> Vec<String> {
    let mut files = Vec::new();
    MEASURED.iter().for_each(|folder| collect(folder.trim_end_matches('/'), &mut files));
    files.sort();
    files
}

fn collect(folder: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(workspace::root().join(folder)).into_iter().flatten().flatten() {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&path, files);
        } else if Path::new(&path).extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// How many there are of some counts, and how many of them are not zero.
pub(super) fn totals<'a>(counts: impl Iterator<Item = &'a u64>) -> (u32, u32) {
    counts.fold((0, 0), |(all, counted), &count| (all + 1, counted + u32::from(count > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_measured_files_are_added_up() {
        let report = "SF:/r/src/a.rs\nDA:1,2\nDA:2,0\nBRDA:1,0,0,-\nBRDA:1,0,1,4\nend_of_record\nSF:/r/tests/b.rs\nDA:1,1\n\
                      end_of_record\nSF:/r/src/../arch/a.rs\nDA:7,0\nend_of_record\nSF:/r/src/a.rs\nDA:2,1\nend_of_record\n";
        let files = read(report, "/r");
        let a = Counts {
            lines: BTreeMap::from([(1, 2), (2, 1)]),
            branches: BTreeMap::from([((1, 0, 0), 0), ((1, 0, 1), 4)]),
        };
        assert_eq!(files.keys().collect::<Vec<_>>(), ["arch/a.rs", "src/a.rs"]);
        assert_eq!(files["src/a.rs"], a);
        assert_eq!(totals(a.branches.values()), (2, 1));
        let code = Counts { lines: BTreeMap::from([(1, 2)]), branches: a.branches.clone() };
        assert_eq!(a.without_tests("fn a() {}\n#[cfg(test)]\nmod tests;\n"), code);
    }
}
