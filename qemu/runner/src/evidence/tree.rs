//! A copy of the repository in the target directory, whose files can be changed and put back.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    workspace,
};

/// A copy of the repository.
pub(super) struct Tree {
    root: PathBuf,
}

impl Tree {
    /// Makes or renews the copy called `name`. A file that is as it was keeps its time stamp.
    pub(super) fn copy(name: &str) -> Result<Self> {
        let root = workspace::evidence_dir(name)?.join("tree");
        let copied = workspace::remove_folder(&root.join("src")).and_then(|()| copy(&workspace::root(), &root));
        copied.map_err(|error| Error::failure(format!("{} can't be filled: {error}", root.display())))?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `check` while `file` has the text `changed`.
    pub(super) fn with<R>(&self, file: &Path, changed: &str, check: impl FnOnce() -> Result<R>) -> Result<R> {
        let path = self.root.join(file);
        let failed = |error: io::Error| Error::of_file("changed", &path, &error);
        let before = fs::read_to_string(&path).map_err(failed)?;
        fs::write(&path, changed).map_err(failed)?;
        let result = check();
        fs::write(&path, before).map_err(failed)?;
        result
    }
}

/// The files of src, but for the one that only names the orderings.
pub(super) fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = Path::new("src");
    let entries = fs::read_dir(root.join(folder)).map_err(|error| Error::of_file("read", folder, &error))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| folder.join(entry.file_name())).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "rs") && !file.ends_with("sync.rs"));
    files.sort();
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            if !is_left_out(&entry.file_name()) {
                copy(&source, &target)?;
            }
        } else {
            let text = fs::read(&source)?;
            if fs::read(&target).ok().as_ref() != Some(&text) {
                fs::write(&target, text)?;
            }
        }
    }
    Ok(())
}

/// What is built or hidden is not part of the copy.
fn is_left_out(name: &OsStr) -> bool {
    name == "target" || name.to_string_lossy().starts_with('.')
}
