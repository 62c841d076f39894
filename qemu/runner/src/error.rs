//! What went wrong: one line for the reader, details below it, and the status to exit with.

use std::{fmt, io, path::Path};

use crate::{interrupt, output::tell, progress, status::Status};

/// A failure of the host side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: String,
    details: Vec<String>,
    status: Status,
}

/// What functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What was attempted has failed.
    pub fn failure(message: impl Into<String>) -> Self {
        Self::new(Status::Failure, message)
    }

    /// A file or a folder could not be `done` something with, such as "read": a failure.
    pub(crate) fn of_file(done: &str, path: &Path, error: &io::Error) -> Self {
        Self::failure(format!("{} can't be {done}: {error}", path.display()))
    }

    /// The reader has asked for something that can't be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Status::Usage, message)
    }

    /// The reader has to install something first.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Status::Unavailable, message)
    }

    /// An error with this status.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Vec::new(), status }
    }

    /// The same where a failure has a status of its own.
    pub(crate) fn with_failure_as(self, status: Status) -> Self {
        if self.status == Status::Failure { Self { status, ..self } } else { self }
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

    /// Prints what went wrong, and ends the process with the status.
    pub fn end_process(&self) -> ! {
        interrupt::wait_if_interrupted();
        progress::end(self.status, || tell!("tsd: error: {self}"))
    }

    /// Returns the status that the process should exit with.
    pub fn status(&self) -> Status {
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
        assert_eq!(error.status(), Status::Failure);
        assert_eq!(Error::usage("no such option").status(), Status::Usage);
    }

    #[test]
    fn failures_become_one_without_repetition() {
        let failures = [Error::failure("no"), Error::failure("no").with_details(["why"]), Error::failure("never")];
        assert_eq!(Error::of_all(&failures).to_string(), "no\n  why\n  never");
    }
}
