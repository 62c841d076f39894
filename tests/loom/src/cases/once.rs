//! One-time initialisation: nobody returns before it is complete, nobody sleeps for ever.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::sync::{Condvar, Mutex};
use tsd::Once;

use crate::check::Outcomes;
use crate::threads::{Space, space, start};

/// What a `once` guards: data with no ordering of its own, which loom reports if it is read and written at once.
struct Guarded {
    space: Arc<Space>,
    control: Once,
    data: UnsafeCell<u32>,
    /// How often the initialiser began, and which thread began it last; of `core`, so that it orders nothing here.
    runs: AtomicU32,
    runner: AtomicU32,
    /// Set when a killed thread may be gone for good.
    buried: Mutex<bool>,
    burial: Condvar,
}

// SAFETY: the cell is what is tested: loom fails the execution in which two threads use it at once.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

/// Why a test's initialiser unwinds.
struct Unwound;

impl Guarded {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            space: space(),
            control: Once::new(),
            data: UnsafeCell::new(0),
            runs: AtomicU32::new(0),
            runner: AtomicU32::new(0),
            buried: Mutex::new(false),
            burial: Condvar::new(),
        })
    }

    fn note_run(&self, caller: u32) {
        self.runs.fetch_add(1, Relaxed);
        self.runner.store(caller, Relaxed);
    }

    fn call(&self, caller: u32) {
        let initialise = || {
            self.note_run(caller);
            // SAFETY: nobody else is in the initialiser, and nobody reads before it is complete.
            self.data.with_mut(|data| unsafe { *data = 1 });
        };
        self.space.once(&self.control, initialise).unwrap();
        self.read();
    }

    /// Calls `once` with an initialiser that writes, calls `then` and unwinds; where the other thread was first, it
    /// does not run.
    fn call_and_unwind(&self, caller: u32, then: impl FnOnce()) {
        let initialise = || {
            self.note_run(caller);
            // SAFETY: nobody else is in the initialiser.
            self.data.with_mut(|data| unsafe { *data = 7 });
            then();
            panic::resume_unwind(Box::new(Unwound));
        };
        let call = || self.space.once(&self.control, initialise);
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(call)) {
            assert!(payload.is::<Unwound>());
        }
    }

    fn read(&self) {
        // SAFETY: the initialisation is complete.
        assert_eq!(self.data.with(|data| unsafe { *data }), 1);
    }

    fn note_runner(&self, outcomes: &Outcomes) {
        assert_eq!(self.runs.load(Relaxed), 1);
        outcomes.note(["first ran it", "second ran it", "third ran it"][self.runner.load(Relaxed) as usize]);
    }

    fn note_runs(&self, outcomes: &Outcomes) {
        match self.runs.load(Relaxed) {
            1 => outcomes.note("ran once"),
            2 => outcomes.note("ran twice"),
            runs => panic!("{runs} runs"),
        }
    }
}

/// Of two callers one runs the initialiser, and both return after it.
pub(crate) fn two_callers(outcomes: &Outcomes) {
    let guarded = Guarded::new();
    let other = start(&guarded, |guarded| guarded.call(1));
    guarded.call(0);
    other.join().unwrap();
    guarded.note_runner(outcomes);
}

/// The same with three: a wake reaches both that wait.
pub(crate) fn three_callers(outcomes: &Outcomes) {
    let guarded = Guarded::new();
    let others = [start(&guarded, |guarded| guarded.call(1)), start(&guarded, |guarded| guarded.call(2))];
    guarded.call(0);
    for other in others {
        other.join().unwrap();
    }
    guarded.note_runner(outcomes);
}

/// An initialiser that unwinds leaves the control as if never called: a waiter runs it, and sees what it wrote.
pub(crate) fn initialiser_that_unwinds(outcomes: &Outcomes) {
    let guarded = Guarded::new();
    let other = start(&guarded, |guarded| guarded.call_and_unwind(1, || ()));
    guarded.call(0);
    other.join().unwrap();
    guarded.note_runs(outcomes);
}

/// A thread that is killed in the initialiser runs its exit and never goes on: a waiter runs the initialiser.
pub(crate) fn thread_killed_in_the_initialiser(outcomes: &Outcomes) {
    let guarded = Guarded::new();
    let other = start(&guarded, |guarded| {
        guarded.call_and_unwind(1, || {
            // SAFETY: the initialiser does not go on.
            let _ = unsafe { guarded.space.exit() };
            // Loom wants every thread to end; this one does when all is over for the others.
            let mut buried = guarded.buried.lock().unwrap();
            while !*buried {
                buried = guarded.burial.wait(buried).unwrap();
            }
        });
    });
    guarded.call(0);
    *guarded.buried.lock().unwrap() = true;
    guarded.burial.notify_all();
    other.join().unwrap();
    guarded.note_runs(outcomes);
}

/// A thread that is told that an initialisation is complete sees what it wrote.
pub(crate) fn is_complete_shows_what_was_written(outcomes: &Outcomes) {
    let guarded = Guarded::new();
    let other = start(&guarded, |guarded| guarded.call(1));
    if guarded.control.is_complete() {
        guarded.read();
        outcomes.note("complete");
    } else {
        outcomes.note("not yet");
    }
    other.join().unwrap();
}
