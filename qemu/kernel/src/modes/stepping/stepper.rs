//! Stops a call at its instruction boundaries: counts them, and acts at one, or at one and at another after it.
//!
//! The path up to the first boundary where something is done is the undisturbed one, so its number of boundaries is
//! that of the undisturbed call. What comes after the last one is not stepped through.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use spin::Mutex;

use crate::{
    core::scheduler::{
        stack,
        thread::{self, Options, Outcome},
    },
    machine::{counted::Call, interrupts::without_interrupts, step},
};

/// As many actions can there be in a run.
pub(super) const MOST: usize = 2;

/// A boundary that no call reaches.
pub(super) const NEVER: usize = usize::MAX;

/// The boundaries that were passed.
static PASSED: AtomicUsize = AtomicUsize::new(0);
/// Those to act at, in ascending order, from 1.
static AT: [AtomicUsize; MOST] = [const { AtomicUsize::new(NEVER) }; MOST];
/// How many actions there were.
static ACTED: AtomicUsize = AtomicUsize::new(0);
/// Where they came: the address of the next instruction.
static PROGRAM_COUNTERS: [AtomicUsize; MOST] = [const { AtomicUsize::new(0) }; MOST];
/// A function that gets the action's number: what is done there.
static ACT: Mutex<fn(usize)> = Mutex::new(|_| ());

/// What came of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stepped {
    pub(super) result: usize,
    /// The boundaries that were passed: all, if nothing was done.
    pub(super) boundaries: usize,
    /// How many actions were done.
    pub(super) acted: usize,
}

/// A call with its arguments, and where to act.
pub(super) type Plan = (Call, usize, *mut c_void, [usize; MOST]);

/// Calls `call` and stops at every boundary.
pub(super) fn count(call: Call, key: usize, value: *mut c_void) -> Stepped {
    run((call, key, value, [NEVER; MOST]), |_| ())
}

/// Carries a plan out and does `act` at its boundaries, as far as there are so many.
pub(super) fn run((call, key, value, at): Plan, act: fn(usize)) -> Stepped {
    let result = without_interrupts(|| {
        PASSED.store(0, SeqCst);
        ACTED.store(0, SeqCst);
        *ACT.lock() = act;
        for (word, at) in AT.iter().zip(at) {
            word.store(at, SeqCst);
        }
        // SAFETY: Interrupts are masked, and `boundary` has what it needs.
        unsafe { step::call(call, key, value) }
    });
    Stepped { result, ..so_far() }
}

/// The same on a thread that `act` may end; its call gives 0 then.
pub(super) fn run_mortally(plan: Plan, act: fn(usize)) -> Stepped {
    struct Mortal(Plan, fn(usize), Stepped);
    fn body(mortal: usize) {
        // SAFETY: The caller waits for the thread, and has lent it to nobody else.
        let Mortal(plan, act, stepped) = unsafe { &mut *core::ptr::with_exposed_provenance_mut::<Mortal>(mortal) };
        *stepped = run(*plan, *act);
    }

    let mut mortal = Mortal(plan, act, so_far());
    let options = Options { stack_bytes: stack::LARGEST_BYTES, ..Options::new("mortal") };
    let id = thread::spawn_no_value(options, body, (&raw mut mortal).expose_provenance()).expect("room for a thread");
    match thread::join(id).expect("nobody else joins it").outcome {
        Outcome::Faulted(None) => so_far(),
        _ => mortal.2,
    }
}

fn so_far() -> Stepped {
    Stepped { result: 0, boundaries: PASSED.load(SeqCst), acted: ACTED.load(SeqCst) }
}

/// Where the actions came: the addresses of the next instructions.
pub(super) fn acted_at() -> impl Iterator<Item = (usize, usize)> {
    let acted_at = |number: usize| (AT[number].load(SeqCst), PROGRAM_COUNTERS[number].load(SeqCst));
    (0..ACTED.load(SeqCst)).map(acted_at)
}

/// Passes a boundary. Returns whether to stop at the next one.
pub(super) fn boundary(program_counter: usize) -> bool {
    let (passed, number) = (PASSED.load(SeqCst) + 1, ACTED.load(SeqCst));
    PASSED.store(passed, SeqCst);
    if passed != AT[number].load(SeqCst) {
        return true;
    }
    PROGRAM_COUNTERS[number].store(program_counter, SeqCst);
    ACTED.store(number + 1, SeqCst);
    let act = *ACT.lock();
    act(number);
    AT.get(number + 1).is_some_and(|at| at.load(SeqCst) != NEVER)
}
