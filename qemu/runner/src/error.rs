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
}
