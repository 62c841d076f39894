//! A page of figures that depend on the compiler: it names the compiler, and is compared line by line.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::build;

/// The line with the picture of both pages of instructions.
pub(crate) const PICTURE: &str = "![The most instructions that a call takes](instructions.svg)\n";

/// The line in which a page names its compiler.
#[must_use]
pub fn compiler_line(compiler: &str) -> String {
    format!("Compiler: {compiler}\n")
}

/// A page's file.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    build::root().join("docs").join(name)
}

/// What differs between a page as it is checked in and as it would be written now, one line each. None if it is another
/// compiler's, whose figures can't be compared.
///
/// # Errors
///
/// When the page can't be read.
pub fn compare(page: &Path, now: &str, compiler: &str) -> io::Result<Option<Vec<String>>> {
    let recorded = fs::read_to_string(page)?;
    if !recorded.contains(&compiler_line(compiler)) {
        return Ok(None);
    }
    Ok(Some(differences(&recorded, now)))
}

/// What differs between a page as it was and as it is now, one line each.
#[must_use]
pub fn differences(recorded: &str, now: &str) -> Vec<String> {
    let only_in = |of: &str, other: &str, sign: char| -> Vec<String> {
        of.lines().filter(|line| !other.lines().any(|its| its == *line)).map(|line| format!("{sign} {line}")).collect()
    };
    let mut differences = only_in(recorded, now, '-');
    differences.extend(only_in(now, recorded, '+'));
    differences
}
