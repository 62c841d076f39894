//! The statuses that the command exits with.
//!
//! A program that is run has all of 0 to 255 for its own, so what is not a program's has numbers that programs rarely
//! use: those that `sysexits.h` has for wrong usage and for something that is missing, those of `timeout` and `env` for
//! a program that was not done in its time or could not be run, and a shell's for a program that a signal ends.

use std::process::ExitCode;

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All went well.
    Success,
    /// What was attempted has failed.
    Failure,
    /// The command line means nothing. Nothing was attempted. `EX_USAGE` of `sysexits.h`.
    Usage,
    /// Something has to be installed by hand first. Nothing was attempted. `EX_UNAVAILABLE` of `sysexits.h`.
    Unavailable,
    /// A program was not done in its time. As `timeout` has it.
    Overdue,
    /// A program could not be run to its end: it does not compile, or the machine failed. As `timeout` and `env` have
    /// it.
    NotRun,
    /// A program's own status.
    Own(u8),
    /// This signal ended a program, as a fault of its does, or the command, as Ctrl-C does. As shells have it.
    Signal(u8),
}

/// For `--help`.
pub(crate) const OF_ALL: &str = "\
Exit status: 0 success, 1 failure, 64 wrong usage, 69 something has to be installed by hand
first, 130 interrupted; `program` has others as well.";

/// For `program --help`.
pub(crate) const OF_PROGRAM: &str = "\
Exit status: the program's own, or 128 and the number of the signal that ended it (139 after a
wild pointer or a full stack, 134 after abort()); 124 if it was not done in its time, 125 if it
could not be run (it does not compile, or the machine failed), 64 wrong usage, 69 something has
to be installed by hand first. All but the first print a line that begins with `tsd: error:`.";

impl Status {
    /// Returns the number.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Overdue => 124,
            Self::NotRun => 125,
            Self::Own(code) => code,
            Self::Signal(number) => 128 | number,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

/// For [`std::process::exit`].
impl From<Status> for i32 {
    fn from(status: Status) -> Self {
        status.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_apart_and_helped_with() {
        let all = [Status::Failure, Status::Usage, Status::Unavailable, Status::Overdue, Status::NotRun];
        for (index, status) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other.code() != status.code()), "{status:?}");
            // Other numbers are for a signal, which has at least 1, and for success.
            assert!((1..=128).contains(&status.code()), "{status:?}");
            let help = format!("{OF_ALL}\n{OF_PROGRAM}");
            assert!(help.contains(&format!(" {} ", status.code())), "{status:?}");
            let rows = include_str!("../../../docs/commands.md").lines().filter(|line| line.starts_with("| "));
            let mut cells = rows.filter_map(|row| row.split('|').nth(1));
            let code = status.code().to_string();
            assert!(cells.any(|cell| cell.split([' ', ',']).any(|word| word == code)), "{status:?}");
        }
        assert_eq!(Status::Signal(11).code(), 139);
        assert_eq!(Status::Own(255).code(), 255);
    }
}
