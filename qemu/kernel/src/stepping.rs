//! The mode `stepping`: an interrupt at each instruction of each call.
//!
//! A call is run again and again, each time stopped one instruction later than before, and at that boundary one thing is
//! done: by the interrupted thread's handler (get, set, create, register) or by what another CPU could have done there
//! (delete, delete and create). Each run is held to a model of what values become.
//!
//! - `stepper`    stops at boundaries
//! - `routine`    the sweep over the boundaries of one routine
//! - `account`    what has to be in order at the end of each run
//! - `action`     what is done at a boundary
//! - `state`      the states in which calls begin
//! - `keys`, `functions`  the keys and thread-exit functions of a run, with their destructors
//! - `ledger`     what becomes of each value
//! - `position`   where the sweep is, for the report of a failure
//! - `get`, `set`, `create`, `delete`, `once`, `register`, `exit`  the routines: states, actions, and what may come out
//!
//! The calls are those of the kernel's own key space and port, on a thread of the kernel. It is for one CPU under
//! `-icount shift=0`, where the number of instructions that the machine counts tells whether a boundary was missed.

mod account;
mod action;
mod create;
mod delete;
mod exit;
mod functions;
mod get;
mod keys;
mod ledger;
mod once;
mod position;
mod register;
mod routine;
mod set;
mod state;
mod stepper;

use core::{
    ptr,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use routine::{Covered, Routine};

use crate::{
    counts,
    machine::{counter, step},
    port::{self, KEYS},
    println, stack,
    thread::{self, Options, Outcome},
};

pub(crate) use position::print as print_position;
pub(crate) use stepper::boundary;

static ROUTINES: [&Routine; 8] = [
    &get::ROUTINE,
    &set::ROUTINE,
    &set::CLEAR,
    &create::ROUTINE,
    &delete::ROUTINE,
    &once::ROUTINE,
    &register::ROUTINE,
    &exit::ROUTINE,
];

/// One boundary in this many is acted at.
static EVERY: AtomicUsize = AtomicUsize::new(1);

/// The states want two words of keys.
const KEYS_WANTED: usize = 128;

/// Sweeps over the routines that `words` choose: `routine=NAME`, more than once, or all; with `every=N` at one boundary
/// in N. A failure ends the run with its panic; the return is whether there was something to do.
pub(crate) fn run(words: impl Iterator<Item = &'static str> + Clone) -> bool {
    if !step::POSSIBLE || KEYS < KEYS_WANTED {
        println!("stepping: wants {KEYS_WANTED} keys, and no loops of load-exclusive and store-exclusive (+lse)");
        return false;
    }
    let every = words.clone().find_map(|word| word.strip_prefix("every="));
    EVERY.store(every.map_or(1, |every| every.parse().expect("every= takes a number")), SeqCst);
    let names = words.filter_map(|word| word.strip_prefix("routine="));
    state::listen();
    let mut total = (0, Covered::default());
    for (index, routine) in ROUTINES.iter().enumerate() {
        if names.clone().next().is_some() && !names.clone().any(|name| name == routine.name) {
            continue;
        }
        let covered = on_thread(index);
        total.0 += 1;
        total.1.states += covered.states;
        total.1.boundaries += covered.boundaries;
        total.1.runs += covered.runs;
    }
    let (routines, Covered { states, boundaries, runs }) = total;
    println!("stepping: {routines} routines, {states} states, {boundaries} boundaries, {runs} runs");
    routines > 0
}

/// Sweeps over a routine on a thread of its own.
fn on_thread(index: usize) -> Covered {
    static COVERED: spin::Mutex<Covered> = spin::Mutex::new(Covered { states: 0, boundaries: 0, runs: 0 });

    fn body(index: usize) {
        // Ends what the thread was attached to, and raises the mark of how many keys there ever were: neither is part of a run.
        let _ = port::exit();
        keys::fill(KEYS);
        keys::delete_all();
        counter::init();
        check_stepper();
        *COVERED.lock() = ROUTINES[index].sweep(EVERY.load(SeqCst));
        position::leave();
    }

    let options = Options { stack_bytes: stack::LARGEST_BYTES, ..Options::new("stepping") };
    let id = thread::spawn_no_value(options, body, index).expect("room for a thread");
    let ended = thread::join(id).expect("nobody else joins it");
    assert!(matches!(ended.outcome, Outcome::Returned(_)), "it ended: {:?}", ended.outcome);
    *COVERED.lock()
}

/// Holds the stepper and the machine's counter to a function whose length is known.
fn check_stepper() {
    let (counted, _) = counts::instructions(step::known, 0, ptr::null_mut());
    assert_eq!(counted, step::KNOWN_INSTRUCTIONS, "the machine does not count instructions: it wants -icount shift=0");
    let stepped = stepper::count(step::known, 0, ptr::null_mut());
    assert_eq!(stepped.boundaries as u64, step::KNOWN_INSTRUCTIONS, "boundaries of a call whose length is known");
}
