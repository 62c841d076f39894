//! What commands print on the standard output.

use std::{
    fmt::Arguments,
    io::{self, ErrorKind, Write},
    process,
};

use crate::{error::Error, progress};

/// What a shell says of a process that has written to a pipe which nobody reads.
const STATUS_PIPE: i32 = 128 + 13;

/// Prints a line as `println!` does; ends the process, with a sentence, where that can't be.
macro_rules! say {
    ($($arguments:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($arguments)*))) };
}

/// Prints a line on the standard error output as `eprintln!` does. Where that can't be, there is nobody to tell.
macro_rules! tell {
    ($($arguments:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($arguments)*);
    }};
}

pub(crate) use {say, tell};

/// Prints `text`; ends the process, with a sentence, where that can't be. Where nobody reads it, without one.
pub fn print(text: Arguments<'_>) {
    let written = progress::without_lines(|| {
        let mut output = io::stdout().lock();
        output.write_fmt(text).and_then(|()| output.flush())
    });
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(STATUS_PIPE),
        Err(error) => Error::failure(format!("the output can't be written: {error}")).end_process(),
    }
}
