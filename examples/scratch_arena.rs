//! Scratch memory for each thread, for what a call needs until it returns. Destructors need it as well: the arena is of
//! the last phase of thread exit, and freed when all of them have run.
//!
//! The arena is taken out while it is used. So a handler that interrupts the thread there gets one of its own, and
//! never half of this one.

extern crate alloc;
mod kernel;

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::fmt::{Arguments, Write};

use kernel::{Kernel, Lock, println, run_thread};
use tsd::{Error, KeySpace, OwnedKey};

/// Memory that is given out from its start, and is free again all at once.
struct Arena {
    text: String,
}

impl Drop for Arena {
    fn drop(&mut self) {
        note(format!("arena of {} bytes freed", self.text.capacity()));
    }
}

/// Something with a destructor that needs scratch memory.
struct Connection(u32);

impl Drop for Connection {
    fn drop(&mut self) {
        let length = in_scratch(format_args!("close {}", self.0)).expect("the arena is of a later phase");
        note(format!("connection {} closed with {length} bytes", self.0));
    }
}

// SAFETY: the only key space of these threads.
static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
static ARENA: OwnedKey<Box<Arena>, Kernel> = OwnedKey::new(&KEYS).name("scratch").last_phase();
static CONNECTION: OwnedKey<Box<Connection>, Kernel> = OwnedKey::new(&KEYS).name("connection");
static NOTES: Lock<Vec<String>> = Lock::new(Vec::new());

fn note(text: String) {
    println!("{text}");
    NOTES.with(|notes| notes.push(text));
}

/// Formats a message in scratch memory; its length.
fn in_scratch(message: Arguments<'_>) -> Result<usize, Error> {
    ARENA.with_or_init(
        || Box::new(Arena { text: String::with_capacity(1024) }),
        |arena| {
            arena.text.clear();
            arena.text.write_fmt(message).expect("what is formatted can be");
            arena.text.len()
        },
    )
}

pub(crate) fn main() {
    let report = run_thread(&KEYS, || {
        assert_eq!(in_scratch(format_args!("hello")), Ok(5));
        CONNECTION.replace(Box::new(Connection(4))).expect("the table has room");
    });
    assert_eq!((report.rounds, report.last_phase_rounds, report.calls), (1, 1, 2));
    NOTES.with(|notes| assert_eq!(*notes, ["connection 4 closed with 7 bytes", "arena of 1024 bytes freed"]));
}
