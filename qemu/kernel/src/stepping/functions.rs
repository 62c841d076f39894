//! The thread-exit functions of a run: which were registered, and which ran, in which order.

use core::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use tsd::Error;

use super::account::Interrupted;
use crate::port::{EXIT_FUNCTIONS, SPACE};

/// Those that are registered before the call have the numbers below.
const BEFORE: usize = EXIT_FUNCTIONS;
/// What the call registers.
pub(super) const OF_CALL: usize = BEFORE;
/// What the handler registers.
pub(super) const OF_HANDLER: usize = BEFORE + 1;
/// What a destructor registers.
const OF_DESTRUCTOR: usize = BEFORE + 2;
/// What function 0 registers.
const OF_FUNCTION: usize = BEFORE + 3;
const COUNT: usize = BEFORE + 4;

struct Function {
    is_registered: AtomicBool,
    calls: AtomicUsize,
    /// How many functions ran before it.
    turn: AtomicUsize,
}

static FUNCTIONS: [Function; COUNT] = [const {
    Function { is_registered: AtomicBool::new(false), calls: AtomicUsize::new(0), turn: AtomicUsize::new(0) }
}; COUNT];
static NEXT: AtomicUsize = AtomicUsize::new(0);
static RAN: AtomicUsize = AtomicUsize::new(0);
/// Function 0 registers another.
static IS_REGISTERING: AtomicBool = AtomicBool::new(false);

/// Forgets everything.
pub(super) fn reset(is_registering: bool) {
    for Function { is_registered, calls, turn } in &FUNCTIONS {
        is_registered.store(false, SeqCst);
        calls.store(0, SeqCst);
        turn.store(0, SeqCst);
    }
    NEXT.store(0, SeqCst);
    RAN.store(0, SeqCst);
    IS_REGISTERING.store(is_registering, SeqCst);
}

/// Registers `count` functions.
pub(super) fn fill(count: usize) {
    for _ in 0..count {
        let number = NEXT.load(SeqCst);
        NEXT.store(number + 1, SeqCst);
        registered(number, register(number)).expect("room in the list");
    }
}

/// The number of places that the list had before the call.
pub(super) fn free() -> usize {
    EXIT_FUNCTIONS - NEXT.load(SeqCst)
}

/// Registers function `number`.
pub(super) fn register(number: usize) -> Result<(), Error> {
    // SAFETY: The function only looks at the number.
    unsafe { SPACE.at_thread_exit(run, ptr::without_provenance_mut(number)) }
}

/// Notes what came of it.
pub(super) fn registered(number: usize, result: Result<(), Error>) -> Result<(), Error> {
    FUNCTIONS[number].is_registered.store(result.is_ok(), SeqCst);
    result
}

/// What a destructor does that registers a function: only once in a run.
pub(super) fn register_in_destructor() {
    if !FUNCTIONS[OF_DESTRUCTOR].is_registered.load(SeqCst) {
        registered(OF_DESTRUCTOR, register(OF_DESTRUCTOR)).expect("room in the list");
    }
}

unsafe extern "C-unwind" fn run(argument: *mut c_void) {
    let function = &FUNCTIONS[argument.addr()];
    function.calls.store(function.calls.load(SeqCst) + 1, SeqCst);
    let ran = RAN.load(SeqCst);
    function.turn.store(ran, SeqCst);
    RAN.store(ran + 1, SeqCst);
    if argument.addr() == 0 && IS_REGISTERING.load(SeqCst) {
        registered(OF_FUNCTION, register(OF_FUNCTION)).expect("room in the list");
    }
}

/// Holds what ran to what had to: each that was registered once, the last one first. What was registered while the
/// call was under way came before what had been there, unless the call was an exit. Returns how many there were.
pub(super) fn settle(interrupted: Interrupted) -> usize {
    let turn = |number: usize| FUNCTIONS[number].turn.load(SeqCst);
    for (number, function) in FUNCTIONS.iter().enumerate() {
        let (calls, is_registered) = (function.calls.load(SeqCst), function.is_registered.load(SeqCst));
        // The thread may have been killed in the middle of registering it.
        let may_run = number == OF_CALL && interrupted == Interrupted::Call && calls == 1;
        assert!(calls == usize::from(is_registered) || may_run, "calls of function {number}: {calls}");
        if !is_registered || number >= BEFORE {
            continue;
        }
        if number > 0 {
            assert!(turn(number) < turn(number - 1), "function {number} ran after one that was registered earlier");
        }
        for later in [OF_CALL, OF_HANDLER].into_iter().filter(|_| interrupted != Interrupted::Exit) {
            let is_later = FUNCTIONS[later].is_registered.load(SeqCst);
            assert!(!is_later || turn(later) < turn(number), "function {later} ran after an earlier one");
        }
    }
    RAN.load(SeqCst)
}
