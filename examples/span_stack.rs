//! The spans that each thread is in, as a tracing library keeps them: a stack that is entered, left, and read by
//! whoever logs.
//!
//! This port's handlers find no thread (`ThreadsOnly`), so nothing comes between two steps of a thread, and a plain
//! `RefCell` will do.

extern crate alloc;
mod kernel;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::cell::RefCell;

use kernel::{Kernel, in_interrupt, interrupt, println, run_thread};
use tsd::{Error, Port, Slots, ThreadsOnly};

/// A port for threads alone.
struct Threads;

// SAFETY: as the kernel's, or nothing.
unsafe impl Port for Threads {
    type Slots = Slots<64>;

    unsafe fn current(&self) -> Option<&Slots<64>> {
        // SAFETY: the caller keeps the duties of both.
        if in_interrupt() { None } else { unsafe { Kernel.current() } }
    }
}
// SAFETY: `current` gives nothing in a handler.
unsafe impl ThreadsOnly for Threads {}

tsd::static_keys! {
    // SAFETY: the only key space of these threads.
    static KEYS: KeySpace<Threads> = unsafe { KeySpace::new(Threads) };

    static SPANS: SharedKey<Box<RefCell<Vec<&'static str>>>> = for_threads;
}

/// The thread is in a span until this is dropped.
struct Entered;

/// Enters a span.
fn enter(name: &'static str) -> Result<Entered, Error> {
    SPANS.with_or_init(Box::default, |spans| spans.borrow_mut().push(name))?;
    Ok(Entered)
}

impl Drop for Entered {
    fn drop(&mut self) {
        SPANS.with(|spans| spans.borrow_mut().pop());
    }
}

/// Where the calling thread is: `boot/mount`. In a handler, nowhere.
fn path() -> String {
    SPANS.with(|spans| spans.borrow().join("/")).unwrap_or_default()
}

pub(crate) fn main() {
    let report = run_thread(&KEYS, || {
        assert_eq!(path(), "");
        let _boot = enter("boot").expect("the thread lives");
        {
            let _mount = enter("mount").expect("the thread lives");
            println!("in {}", path());
            assert_eq!(path(), "boot/mount");
            interrupt(|| assert_eq!(path(), ""));
            // Spans of other threads are theirs.
            let other = run_thread(&KEYS, || drop(enter("idle")));
            assert_eq!(other.calls, 1);
        }
        assert_eq!(path(), "boot");
    });
    assert_eq!((report.calls, report.left_over), (1, 0));
}
