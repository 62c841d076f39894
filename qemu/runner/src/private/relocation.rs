//! Relocation: files of packages that say where other files are, corrected for where they have been unpacked.
//!
//! Most programs find their own files from where they lie themselves. What is left are links, the scripts in the place
//! of libraries that linkers read, and musl's compiler, which is a script with a file of paths.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Component, Path, PathBuf},
};

/// Corrects all that is below `folder`, of the packages that have been unpacked into `root`.
///
/// # Errors
/// A file can't be read or written.
pub(super) fn relocate(folder: &Path, root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_symlink() {
            relocate_link(&path, root)?;
        } else if kind.is_dir() {
            relocate(&path, root)?;
        } else if names_paths(&path) {
            relocate_text(&path, root)?;
        }
    }
    Ok(())
}

/// A link leads to what the folder has, else to what the system has under that path.
fn relocate_link(link: &Path, root: &Path) -> io::Result<()> {
    let target = fs::read_link(link)?;
    if target.starts_with(root) || target.is_relative() && link.exists() {
        return Ok(());
    }
    let named = link.parent().unwrap_or(root).join(&target);
    // An absolute target is as seen from the root of the system.
    let inside = if target.is_absolute() { &target } else { named.strip_prefix(root).unwrap_or(&target) };
    let inside = normal(inside);
    let found = [root.join(&inside), Path::new("/").join(&inside)].into_iter().find(|path| path.exists());
    let Some(found) = found else { return Ok(()) };
    fs::remove_file(link)?;
    symlink(found, link)
}

/// Returns a path without a root and without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    normal
}

/// Texts in which absolute paths say where other files of the packages are.
fn names_paths(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with("-gcc") || name.ends_with(".specs") || name.starts_with("lib") && name.ends_with(".so")
}

/// The largest text of those.
const TEXT_BYTES: u64 = 4096;

fn relocate_text(file: &Path, root: &Path) -> io::Result<()> {
    if fs::metadata(file)?.len() > TEXT_BYTES {
        return Ok(());
    }
    let Ok(text) = fs::read_to_string(file) else { return Ok(()) };
    let relocated = relocated(&text, &|path| {
        let inside = root.join(path.trim_start_matches('/'));
        inside.exists().then(|| inside.display().to_string())
    });
    if relocated == text { Ok(()) } else { fs::write(file, relocated) }
}

/// Returns `text` with its absolute paths replaced by what `moved` gives for them.
fn relocated(text: &str, moved: &dyn Fn(&str) -> Option<String>) -> String {
    let is_end = |c: char| c.is_whitespace() || "\"'(){}".contains(c);
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('/') {
        let (before, path) = rest.split_at(start);
        let (path, after) = path.split_at(path.find(is_end).unwrap_or(path.len()));
        result.push_str(before);
        // A slash alone ends a comment.
        let replacement = if path == "/" { None } else { moved(path) };
        result.push_str(&replacement.unwrap_or_else(|| path.into()));
        rest = after;
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_texts_follow_the_folder() {
        let below_t = |path: &str| (path == "/" || path.starts_with("/usr/")).then(|| format!("/t{path}"));
        let script =
            "/* For\n ld */\nGROUP ( /usr/lib/libc.so.6  AS_NEEDED ( /lib/ld.so ) )\n-L/usr/lib \"/usr/x\" no/where /";
        let expected = "/* For\n ld */\nGROUP ( /t/usr/lib/libc.so.6  AS_NEEDED ( /lib/ld.so ) )\n-L/t/usr/lib \"/t/usr/x\" no/where /";
        assert_eq!(relocated(script, &below_t), expected);
    }

    #[test]
    fn places_of_links_are_normal() {
        assert_eq!(normal(Path::new("usr/lib/gcc/../../x/./libc.so")), Path::new("usr/x/libc.so"));
        assert_eq!(normal(Path::new("/../etc/x")), Path::new("etc/x"));
    }
}
