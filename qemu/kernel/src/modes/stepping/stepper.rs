//! Stops a call at one of its instruction boundaries, or at one and at another after it, and acts there.
//!
//! The path up to the first boundary where something is done is the undisturbed one, so its number of boundaries is
//! that of the undisturbed call.

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
    /// How many actions were done.
    pub(super) acted: usize,
}

/// A call with its arguments, and where to act.
pub(super) type Plan = (Call, usize, *mut c_void, [usize; MOST]);

/// Carries a plan out and does `act` at its boundaries, as far as there are so many.
pub(super) fn run((call, key, value, at): Plan, act: fn(usize)) -> Stepped {
    let result = without_interrupts(|| {
        ACTED.store(0, SeqCst);
        *ACT.lock() = act;
        for (word, at) in AT.iter().zip(at) {
            word.store(at, SeqCst);
        }
        // SAFETY: Interrupts are masked, and `boundary` has what it needs.
        unsafe { step::call(at[0], call, key, value) }
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
    Stepped { result: 0, acted: ACTED.load(SeqCst) }
}

/// Where the actions came: the addresses of the next instructions.
pub(super) fn acted_at() -> impl Iterator<Item = (usize, usize)> {
    let acted_at = |number: usize| (AT[number].load(SeqCst), PROGRAM_COUNTERS[number].load(SeqCst));
    (0..ACTED.load(SeqCst)).map(acted_at)
}

/// Acts at a boundary where the call was stopped. Returns how many more there are to the next.
pub(super) fn act(program_counter: usize) -> usize {
    let number = ACTED.load(SeqCst);
    PROGRAM_COUNTERS[number].store(program_counter, SeqCst);
    ACTED.store(number + 1, SeqCst);
    let act = *ACT.lock();
    act(number);
    let at = |number: usize| AT.get(number).map_or(NEVER, |at| at.load(SeqCst));
    if at(number + 1) == NEVER { 0 } else { at(number + 1) - at(number) }
}
