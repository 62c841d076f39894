//! Stops a call at its instruction boundaries: counts them, and acts at one.
//!
//! The path up to the boundary where something is done is the undisturbed one, so its number of boundaries is that of
//! the undisturbed call. What comes behind it is not stepped through.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use crate::{counts::Call, machine};

/// A boundary that no call comes to.
const NEVER: usize = usize::MAX;

/// The boundaries that were passed.
static PASSED: AtomicUsize = AtomicUsize::new(0);
/// The one to act at, from 1.
static AT: AtomicUsize = AtomicUsize::new(NEVER);
/// Where the action came: the address of the next instruction. 0 before it.
static PROGRAM_COUNTER: AtomicUsize = AtomicUsize::new(0);
/// A function with no argument: what is done there.
static ACT: spin::Mutex<fn()> = spin::Mutex::new(|| ());

/// What came of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stepped {
    pub(super) result: usize,
    /// The boundaries that were passed: all, if nothing was done.
    pub(super) boundaries: usize,
    pub(super) acted: bool,
}

/// Calls `call` and stops at every boundary.
pub(super) fn count(call: Call, key: usize, value: *mut c_void) -> Stepped {
    run(call, key, value, NEVER, || ())
}

/// Calls `call` and does `act` at boundary number `at`, if there are so many.
pub(super) fn run(call: Call, key: usize, value: *mut c_void, at: usize, act: fn()) -> Stepped {
    let state = machine::interrupts::save_and_disable();
    PASSED.store(0, SeqCst);
    PROGRAM_COUNTER.store(0, SeqCst);
    *ACT.lock() = act;
    AT.store(at, SeqCst);
    // SAFETY: Interrupts are masked, and `boundary` has what it needs.
    let result = unsafe { machine::step::call(call, key, value) };
    AT.store(NEVER, SeqCst);
    // SAFETY: The state is from above, on the same CPU since interrupts were masked.
    unsafe { machine::interrupts::restore(state) };
    Stepped { result, boundaries: PASSED.load(SeqCst), acted: PROGRAM_COUNTER.load(SeqCst) != 0 }
}

/// Where the action came, if it did: the boundary's number and the address of the next instruction.
pub(super) fn place() -> Option<(usize, usize)> {
    let program_counter = PROGRAM_COUNTER.load(SeqCst);
    (program_counter != 0).then(|| (PASSED.load(SeqCst), program_counter))
}

/// Passes a boundary. Returns whether to stop at the next one.
pub(crate) fn boundary(program_counter: usize) -> bool {
    let passed = PASSED.load(SeqCst) + 1;
    PASSED.store(passed, SeqCst);
    if passed != AT.load(SeqCst) {
        return true;
    }
    PROGRAM_COUNTER.store(program_counter, SeqCst);
    let act = *ACT.lock();
    act();
    false
}
