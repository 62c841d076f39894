//! What went wrong: one line for the reader, details below it, and the status to exit with.

use std::{fmt, io, path::Path};

/// A failure of the host side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: String,
    details: Vec<String>,
    status: u8,
}

/// What functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Something that was attempted failed: status 1.
    pub fn failure(message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Vec::new(), status: 1 }
    }

    /// A file or a folder could not be `done` something with, such as "read": status 1.
    pub(crate) fn of_file(done: &str, path: &Path, error: &io::Error) -> Self {
        Self::failure(format!("{} can't be {done}: {error}", path.display()))
    }

    /// Nothing was attempted, the reader has to do something first: status 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Vec::new(), status: 2 }
    }

    /// Puts failures that followed from each other into one; each line of theirs comes once.
    pub(crate) fn of_all(failures: &[Self]) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for line in failures.iter().flat_map(|failure| [&failure.message].into_iter().chain(&failure.details)) {
            if !lines.contains(line) {
                lines.push(line.clone());
            }
        }
        let mut lines = lines.into_iter();
        Self::failure(lines.next().unwrap_or_default()).with_details(lines)
    }

    /// Returns the message and the details as lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        [&self.message].into_iter().chain(&self.details).map(String::as_str)
    }

    /// Adds lines below the message, such as the end of a program's output.
    #[must_use]
    pub fn with_details(mut self, details: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.details.extend(details.into_iter().map(Into::into));
        self
    }

    /// Returns the status that the process should exit with.
    pub fn status(&self) -> u8 {
        self.status
    }
}

/// The message, then the details on lines of their own.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.details.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_follow_on_their_own_lines() {
        let error = Error::failure("the build failed").with_details(["first", "second"]);
        assert_eq!(error.to_string(), "the build failed\n  first\n  second");
        assert_eq!(error.status(), 1);
        assert_eq!(Error::usage("no such option").status(), 2);
    }

    #[test]
    fn failures_become_one_without_repetition() {
        let failures = [Error::failure("no"), Error::failure("no").with_details(["why"]), Error::failure("never")];
        assert_eq!(Error::of_all(&failures).to_string(), "no\n  why\n  never");
    }
}
