//! A run told line by line, for a violation that was found.

use std::cell::{Cell, RefCell};
use std::fmt::Arguments;
use std::panic::Location;

use crate::plan::plan;

thread_local! {
    static IS_ON: Cell<bool> = const { Cell::new(false) };
    /// What lies at which address: start, end, name.
    static WORDS: RefCell<Vec<(usize, usize, &'static str)>> = const { RefCell::new(Vec::new()) };
}

/// Whether the run is told.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    IS_ON.get()
}

/// Calls `run` and tells what it does.
pub(crate) fn tell(run: impl FnOnce()) {
    IS_ON.set(true);
    run();
    IS_ON.set(false);
}

/// Says what lies at an address.
pub(crate) fn name(start: usize, size: usize, name: &'static str) {
    WORDS.with_borrow_mut(|words| words.push((start, start + size, name)));
}

/// Tells an access.
#[cold]
pub(crate) fn access(level: usize, number: u32, writes: bool, word: usize, location: &Location<'_>) {
    let name = WORDS.with_borrow(|words| {
        let found = words.iter().rev().find(|(start, end, _)| (*start..*end).contains(&word));
        found.map_or("elsewhere".to_owned(), |(start, _, name)| match word - start {
            0 => (*name).to_owned(),
            offset => format!("{name} + {offset}"),
        })
    });
    let verb = if writes { "writes" } else { "reads" };
    let indent = "    ".repeat(level);
    println!("{number:5} {indent}{}:{} {verb} {name}", location.file(), location.line());
}

/// Tells of a call.
#[cold]
pub(crate) fn call(words: Arguments<'_>) {
    println!("      {}{words}", "    ".repeat(plan(|plan| plan.level())));
}

/// Tells of a call, if the run is told.
macro_rules! told {
    ($($words:tt)*) => {
        if $crate::trace::is_on() {
            $crate::trace::call(format_args!($($words)*));
        }
    };
}

pub(crate) use told;
