//! Stamps: what a file was made from, beside that file, so that it is made again when any of it has changed and only
//! then.
//!
//! A file is made by a recipe (the commands, and what else decides what they do) from inputs. Its stamp has the recipe
//! and, of each input and of the file itself, what was in it, not when it was written: a branch that is checked out and
//! back changes nothing, and two changes within a tick of the clock are two. An input may be a file that is not there,
//! which is how a header that appears in front of another one is seen.
//!
//! Who makes a file holds the lock of its folder meanwhile.

use std::{
    collections::{BTreeSet, hash_map::DefaultHasher},
    env, fs,
    hash::{Hash, Hasher},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::error::{Error, Result};

/// Larger files are told by their length and by when the system last saw them change, which nobody can set: archives of
/// the C library, kernels, compilers.
const MAX_READ_BYTES: u64 = 1 << 20;

/// What the compilers read that is not on their command line.
const COMPILERS_VARIABLES: [&str; 7] = [
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "SOURCE_DATE_EPOCH",
];
/// What begins so is read where the library is compiled, but for those that only this program reads.
const OWN_PREFIX: &str = "TSD_";
const NOT_READ: [&str; 2] = [crate::workspace::PRIVATE_VARIABLE, "TSD_NO_INSTALL"];

/// What a call of `make`'s has made, and from what.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) inputs: BTreeSet<PathBuf>,
}

/// Calls `make` unless `stamp` says that its files are as it made them last, by the same `recipe` and from inputs that
/// have not changed since.
///
/// # Errors
/// As `make`, or the stamp can't be written.
pub(crate) fn make(stamp: &Path, recipe: &str, make: impl FnOnce() -> Result<Made>) -> Result<()> {
    let recipe = digest(format!("{recipe}\n{}", variables()).as_bytes());
    if fs::read_to_string(stamp).is_ok_and(|text| is_fresh(&recipe, &text)) {
        return Ok(());
    }
    // Whatever goes wrong from here on, there is no stamp on a half-made file.
    let _ = fs::remove_file(stamp);
    let began = SystemTime::now();
    let Made { files, inputs } = make()?;
    let changed_since =
        |input: &PathBuf| fs::metadata(input).and_then(|data| data.modified()).is_ok_and(|at| at > began);
    if inputs.iter().any(changed_since) {
        // Nobody knows which text of it was read.
        return Ok(());
    }
    let lines = files.iter().chain(&inputs).map(|path| line(path));
    let text = [recipe].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    fs::write(stamp, text).map_err(|error| Error::of_file("written", stamp, &error))
}

fn is_fresh(recipe: &str, stamp: &str) -> bool {
    let mut lines = stamp.lines();
    lines.next() == Some(recipe)
        && lines.all(|its| its.split_once(' ').is_some_and(|(_, path)| line(Path::new(path)) == its))
}

/// What is in a file, and its path.
fn line(path: &Path) -> String {
    format!("{} {}", content(path).unwrap_or_else(|| "-".into()), path.display())
}

fn content(path: &Path) -> Option<String> {
    let data = fs::metadata(path).ok()?;
    if !data.is_file() {
        return None;
    }
    if data.len() > MAX_READ_BYTES {
        return Some(format!("{}@{}.{}", data.len(), data.ctime(), data.ctime_nsec()));
    }
    fs::read(path).ok().map(|bytes| digest(&bytes))
}

/// What stands for `bytes`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The variables that decide what a compiler does.
fn variables() -> String {
    let is_read =
        |name: &str| COMPILERS_VARIABLES.contains(&name) || name.starts_with(OWN_PREFIX) && !NOT_READ.contains(&name);
    let mut variables: Vec<_> = env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| is_read(name))
        .collect();
    variables.sort();
    format!("{variables:?}")
}

/// Reads the inputs from the rule that a compiler or cargo has written for `make`: `FILE: INPUT INPUT`.
///
/// # Errors
/// The file can't be read, or has no rule.
pub(crate) fn inputs_of_rule(file: &Path) -> Result<BTreeSet<PathBuf>> {
    let text = fs::read_to_string(file).map_err(|error| Error::of_file("read", file, &error))?;
    inputs(&text).ok_or_else(|| Error::failure(format!("{} has no rule", file.display())))
}

fn inputs(text: &str) -> Option<BTreeSet<PathBuf>> {
    // A line that ends with a backslash goes on; one before a blank makes that a part of the path.
    let text = text.replace("\\\n", " ").replace("\\ ", "\0").replace("\\#", "#").replace("$$", "$");
    let (_, inputs) = text.lines().next()?.split_once(": ")?;
    Some(inputs.split_whitespace().map(|path| PathBuf::from(path.replace('\0', " "))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    /// A file that is made from one input, in a folder of its own.
    struct Bench {
        input: PathBuf,
        file: PathBuf,
    }

    impl Bench {
        fn new(name: &str) -> Self {
            let folder = workspace::images_dir().unwrap().join("stamp-tests").join(name);
            workspace::remove_folder(&folder).unwrap();
            fs::create_dir_all(&folder).unwrap();
            Self { input: folder.join("an input"), file: folder.join("file") }
        }

        /// Whether it was made now.
        fn makes(&self, recipe: &str) -> bool {
            let mut is_made = false;
            make(&self.file.with_extension("stamp"), recipe, || {
                is_made = true;
                fs::write(&self.file, "made").unwrap();
                Ok(Made { files: vec![self.file.clone()], inputs: BTreeSet::from([self.input.clone()]) })
            })
            .unwrap();
            is_made
        }

        /// What was written before a file is made has to be older than that, by the clock of the file system.
        fn write(&self, text: &str) {
            fs::write(&self.input, text).unwrap();
            let past = SystemTime::now() - std::time::Duration::from_secs(10);
            fs::File::options().write(true).open(&self.input).unwrap().set_modified(past).unwrap();
        }
    }

    #[test]
    fn file_is_made_again_when_anything_has_changed() {
        let bench = Bench::new("changes");
        bench.write("one");
        assert!(bench.makes("recipe"));
        assert!(!bench.makes("recipe"));
        bench.write("two");
        assert!(bench.makes("recipe"), "the input has changed, with the same length");
        assert!(!bench.makes("recipe"));
        bench.write("two");
        assert!(!bench.makes("recipe"), "the input was written with the text that it had");
        assert!(bench.makes("another recipe"));
        fs::write(&bench.file, "damaged").unwrap();
        assert!(bench.makes("another recipe"), "the file is not the one that was made");
        fs::remove_file(&bench.file).unwrap();
        assert!(bench.makes("another recipe"), "the file is gone");
    }

    #[test]
    fn input_that_appears_or_goes_is_a_change() {
        let bench = Bench::new("absent");
        assert!(bench.makes("recipe"));
        assert!(!bench.makes("recipe"));
        bench.write("here");
        assert!(bench.makes("recipe"));
        fs::remove_file(&bench.input).unwrap();
        assert!(bench.makes("recipe"));
        assert!(!bench.makes("recipe"));
    }

    #[test]
    fn file_whose_input_changes_meanwhile_is_made_again() {
        let bench = Bench::new("meanwhile");
        let soon = SystemTime::now() + std::time::Duration::from_secs(100);
        bench.write("one");
        fs::File::options().write(true).open(&bench.input).unwrap().set_modified(soon).unwrap();
        assert!(bench.makes("recipe"));
        assert!(bench.makes("recipe"));
    }

    #[test]
    fn failure_leaves_no_stamp() {
        let bench = Bench::new("failure");
        assert!(bench.makes("recipe"));
        assert!(make(&bench.file.with_extension("stamp"), "another", || Err(Error::failure("no"))).is_err());
        assert!(bench.makes("recipe"));
    }

    #[test]
    fn rules_are_read() {
        let text = "a.o: /b/c.c /with\\ blank/d.h \\\n  e.h\n\nother: f.h\n";
        let expected = ["/b/c.c", "/with blank/d.h", "e.h"].map(PathBuf::from);
        assert_eq!(inputs(text), Some(BTreeSet::from(expected)));
        assert_eq!(inputs("no rule"), None);
    }
}
