//! Folders: the repository, and the folder for what is built and remembered.

use std::{
    env, fs, io,
    path::{self, Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    progress::Progress,
};

/// Returns the top of the repository that this program was built from.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

/// Returns the folder for images, made if it is not there: `images` in cargo's target directory.
///
/// It is the target directory that this very executable lies in, whichever way the caller chose it.
///
/// # Errors
/// The folder can't be made.
pub fn images_dir() -> Result<PathBuf> {
    let dir = target_dir().join("images");
    fs::create_dir_all(&dir).map_err(|error| unusable(&dir, &error))?;
    Ok(dir)
}

/// Returns the folder for one kind of evidence, made if it is not there.
///
/// # Errors
/// The folder can't be made.
pub fn evidence_dir(kind: &str) -> Result<PathBuf> {
    let dir = target_dir().join("evidence").join(kind);
    fs::create_dir_all(&dir).map_err(|error| unusable(&dir, &error))?;
    Ok(dir)
}

/// Takes the lock called `name`, waiting for other processes; it is held until the file is dropped.
///
/// # Errors
/// The lock file can't be made or locked.
pub fn lock(name: &str) -> Result<fs::File> {
    lock_file(&images_dir()?.join(name).with_extension("lock"))
}

/// Takes the lock that is this file, likewise.
///
/// # Errors
/// As [`lock`].
pub(crate) fn lock_file(path: &Path) -> Result<fs::File> {
    let file = fs::File::create(path).map_err(|error| unusable(path, &error))?;
    if file.try_lock().is_err() {
        let _line = Progress::open_ended("waiting for another run");
        file.lock().map_err(|error| unusable(path, &error))?;
    }
    Ok(file)
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::of_file("used", path, error)
}

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Cargo marks a target directory with this file.
const TARGET_MARK: &str = "CACHEDIR.TAG";

fn target_dir() -> PathBuf {
    target_dirs().next().unwrap_or_else(|| root().join("target"))
}

/// Names the folder for packages that are not installed when it is set, and forbids the system's package manager to add
/// anything to the system.
pub const PRIVATE_VARIABLE: &str = "TSD_PRIVATE";

/// Returns the folder that [`PRIVATE_VARIABLE`] names.
pub(crate) fn chosen_private_dir() -> Option<PathBuf> {
    let named = env::var_os(PRIVATE_VARIABLE).filter(|path| !path.is_empty())?;
    path::absolute(named).ok()
}

/// Returns the folder for packages that are not installed: the chosen one, else one for all target directories that lie
/// in each other.
pub(crate) fn private_dir() -> PathBuf {
    let is_ours = |dir: &PathBuf| dir.starts_with(root());
    let shared = || target_dirs().filter(is_ours).last().unwrap_or_else(target_dir).join("private");
    chosen_private_dir().unwrap_or_else(shared)
}

/// Returns where the programs of those packages are started from.
pub(crate) fn private_bin() -> PathBuf {
    private_dir().join("bin")
}

/// The target directories that this executable lies in, the innermost first.
fn target_dirs() -> impl Iterator<Item = PathBuf> {
    let executable = env::current_exe().unwrap_or_default();
    let dirs: Vec<_> = executable.ancestors().map(Path::to_path_buf).collect();
    dirs.into_iter().filter(|dir| dir.join(TARGET_MARK).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
        assert!(root().join("qemu/runner").is_dir());
    }

    #[test]
    fn images_lie_in_the_target_directory() {
        let dir = images_dir().unwrap();
        assert!(dir.is_dir());
        assert!(env::current_exe().unwrap().starts_with(dir.parent().unwrap()));
    }
}
