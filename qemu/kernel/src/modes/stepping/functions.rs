//! The thread-exit functions of a run: which were registered, and which ran, in which order.

use core::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use tsd::Error;

use super::{ledger::Interrupted, space::SPACE, stepper::MOST};
use crate::core::capacity::EXIT_FUNCTIONS;

/// Those that are registered before the call have the numbers below.
const BEFORE: usize = EXIT_FUNCTIONS;
/// What the call registers.
pub(super) const OF_CALL: usize = BEFORE;
/// What a destructor registers.
const OF_DESTRUCTOR: usize = BEFORE + 1;
/// What function 0 registers.
const OF_FUNCTION: usize = BEFORE + 2;
/// What the handlers register.
const OF_HANDLERS: usize = BEFORE + 3;
const COUNT: usize = OF_HANDLERS + MOST;

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
static REFUSED: AtomicUsize = AtomicUsize::new(0);
/// Function 0 registers another.
static IS_REGISTERING: AtomicBool = AtomicBool::new(false);

/// Forgets everything.
pub(super) fn reset(is_registering: bool) {
    for Function { is_registered, calls, turn } in &FUNCTIONS {
        is_registered.store(false, SeqCst);
        calls.store(0, SeqCst);
        turn.store(0, SeqCst);
    }
    [&NEXT, &RAN, &REFUSED].iter().for_each(|count| count.store(0, SeqCst));
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

/// The number of elements that the list had left before the call.
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
    REFUSED.fetch_add(usize::from(result == Err(Error::ListFull)), SeqCst);
    result
}

/// What handler number `handler` does that registers a function.
pub(super) fn register_in_handler(handler: usize) -> Result<(), Error> {
    registered(OF_HANDLERS + handler, register(OF_HANDLERS + handler))
}

/// What a destructor does that registers a function: only once in a run.
pub(super) fn register_in_destructor() {
    if !FUNCTIONS[OF_DESTRUCTOR].is_registered.load(SeqCst) {
        registered(OF_DESTRUCTOR, register(OF_DESTRUCTOR)).expect("room in the list");
    }
}

unsafe extern "C-unwind" fn run(argument: *mut c_void) {
    let function = &FUNCTIONS[argument.addr()];
    // It counts as called from the last of these on: the thread may die between them.
    function.turn.store(RAN.fetch_add(1, SeqCst), SeqCst);
    function.calls.fetch_add(1, SeqCst);
    if argument.addr() == 0 && IS_REGISTERING.load(SeqCst) {
        registered(OF_FUNCTION, register(OF_FUNCTION)).expect("room in the list");
    }
}

/// Holds what ran to what had to: each that was registered once, the last one first. What was registered while the call
/// was under way came before what had been there, unless the call was an exit. A thread that dies in its exit takes the
/// function along that it was about to call. Returns how many there were.
pub(super) fn settle(interrupted: Interrupted) -> Settled {
    let mut may_be_lost = usize::from(interrupted == Interrupted::DeadExit);
    let turn = |number: usize| FUNCTIONS[number].turn.load(SeqCst);
    for (number, function) in FUNCTIONS.iter().enumerate() {
        let (calls, is_registered) = (function.calls.load(SeqCst), function.is_registered.load(SeqCst));
        // The thread may have been killed in the middle of registering it.
        let in_call = matches!(interrupted, Interrupted::Call | Interrupted::DeadCall | Interrupted::DeadExit);
        let may_run = number >= OF_CALL && in_call && calls == 1;
        if is_registered && calls == 0 && may_be_lost > 0 {
            may_be_lost -= 1;
            continue;
        }
        assert!(calls == usize::from(is_registered) || may_run, "calls of function {number}: {calls}");
        if !is_registered || number >= BEFORE {
            continue;
        }
        if number > 0 && FUNCTIONS[number - 1].calls.load(SeqCst) > 0 {
            assert!(turn(number) < turn(number - 1), "function {number} ran after one that was registered earlier");
        }
        let is_exit = matches!(interrupted, Interrupted::Exit | Interrupted::DeadExit);
        for later in [OF_CALL].into_iter().chain(OF_HANDLERS..COUNT).filter(|_| !is_exit) {
            let is_later = FUNCTIONS[later].is_registered.load(SeqCst);
            assert!(!is_later || turn(later) < turn(number), "function {later} ran after an earlier one");
        }
    }
    Settled { ran: RAN.load(SeqCst), refused: REFUSED.load(SeqCst) }
}

/// How many functions ran, and how many found no room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) ran: usize,
    pub(super) refused: usize,
}
