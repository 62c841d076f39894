//! The console: whole messages under one lock, taken with interrupts masked.

use core::{
    fmt::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use spin::Mutex;

use crate::machine::{console::write_bytes, interrupts::without_interrupts};

struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_bytes(text.as_bytes());
        Ok(())
    }
}

static SERIAL: Mutex<Serial> = Mutex::new(Serial);

/// Set once a CPU reports the end of the run: it may have stopped another one in the middle of a line.
static LOCK_IS_OFF: AtomicBool = AtomicBool::new(false);

/// Prints without the lock from now on. For the report of a fault only.
pub(crate) fn break_lock() {
    LOCK_IS_OFF.store(true, Ordering::SeqCst);
}

/// Prints `message` as a whole.
pub(crate) fn print_all(message: fmt::Arguments<'_>) {
    let written = with_serial(|serial| serial.write_fmt(message));
    debug_assert!(written.is_ok(), "a Display implementation failed");
}

/// Prints `parts` as a whole, whatever bytes they are.
pub(crate) fn print_bytes<'a>(parts: impl Iterator<Item = &'a [u8]>) {
    with_serial(|_| parts.for_each(write_bytes));
}

fn with_serial<T>(write: impl FnOnce(&mut Serial) -> T) -> T {
    without_interrupts(|| match LOCK_IS_OFF.load(Ordering::SeqCst) {
        true => write(&mut Serial),
        false => write(&mut SERIAL.lock()),
    })
}

/// Prints a message on the console.
macro_rules! print {
    ($($argument:tt)*) => { $crate::core::console::print_all(format_args!($($argument)*)) };
}

/// Prints a message and a line feed on the console, not to be torn apart by other CPUs.
macro_rules! println {
    ($($argument:tt)*) => { $crate::core::console::print_all(format_args!("{}\n", format_args!($($argument)*))) };
}

pub(crate) use {print, println};
