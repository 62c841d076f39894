//! Text for the board's console.

use core::{
    ffi::CStr,
    fmt::{self, Write},
};

use crate::freertos;

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The board wants a zero byte at the end.
        for piece in text.as_bytes().chunks(63) {
            let mut bytes = [0; 64];
            bytes[..piece.len()].copy_from_slice(piece);
            freertos::print(CStr::from_bytes_until_nul(&bytes).unwrap_or_default());
        }
        Ok(())
    }
}

/// Prints.
pub(crate) fn write(arguments: fmt::Arguments<'_>) {
    // The console takes everything.
    let _ = Console.write_fmt(arguments);
}

macro_rules! print {
    ($($argument:tt)*) => { $crate::print::write(format_args!($($argument)*)) };
}
macro_rules! println {
    ($($argument:tt)*) => { $crate::print::write(format_args!("{}\n", format_args!($($argument)*))) };
}
pub(crate) use {print, println};
