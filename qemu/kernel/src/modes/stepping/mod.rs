//! The mode `stepping`: an interrupt at each instruction of each call.
//!
//! A call is run again and again, each time stopped one instruction later than before, and at that boundary one thing
//! is done: by the interrupted thread's handler (get, set, take, swap, create, register), by what another CPU could
//! have done there (delete, delete and create), or to the thread, which dies there and is reaped. Further runs have two
//! such things, one after the other, at boundaries that are drawn. Each run is held to a model of what values become.
//!
//! - `space`      the key space of the runs, with static keys
//! - `stepper`    stops at boundaries
//! - `routine`    a routine, and a run of it
//! - `sweep`      the sweep over the boundaries of one routine
//! - `account`    what has to be in order at the end of each run
//! - `action`     what is done at a boundary
//! - `state`      the states in which calls begin
//! - `name`       the keys of a run, by the part that each plays
//! - `keys`, `functions`  what is done with the keys and thread-exit functions of a run, and their destructors
//! - `ledger`     what becomes of each value
//! - `random`     which pairs are drawn
//! - `position`   where the sweep is, for the report of a failure
//! - `get`, `set`, `create`, `delete`, `once`, `register`, `exit`  the routines: states, actions, and what may come out
//!
//! The calls are those of a key space and port like the kernel's own, on a thread of the kernel. It is for one CPU
//! under `-icount shift=0`, where the number of instructions that the machine counts tells whether a boundary was
//! missed.

mod account;
mod action;
mod create;
mod delete;
mod exit;
mod functions;
mod get;
mod keys;
mod ledger;
mod name;
mod once;
mod position;
mod random;
mod register;
mod routine;
mod set;
mod space;
mod state;
mod stepper;
mod sweep;

use core::ptr;

use routine::Routine;
use space::STATICS;
use spin::Mutex;
use sweep::{Covered, Extent};

use crate::{
    core::{
        capacity::KEYS,
        console::println,
        hooks::{self, Hooks},
        scheduler::{
            stack,
            thread::{self, Options, Outcome},
        },
    },
    machine::{counted, counter, step},
};

/// Stops at boundaries, and says in a report where the sweep is.
struct Stepping;

impl Hooks for Stepping {
    fn step(&self, program_counter: usize) -> usize {
        stepper::act(program_counter)
    }

    fn in_report(&self) {
        position::print();
    }
}

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

/// How much is to be covered.
static EXTENT: Mutex<Extent> = Mutex::new(Extent { every: 1, pairs: 0, seed: 1 });

/// The states want two words of keys.
const KEYS_WANTED: usize = 128;

/// Sweeps over the routines that `words` choose: `routine=NAME`, more than once, or all; with `every=N` at one boundary
/// in N, and `pairs=N` with N pairs of actions drawn for each state as `seed=S` has it. A failure ends the run with its
/// panic; the return is whether there was something to do.
pub(crate) fn run(words: impl Iterator<Item = &'static str> + Clone) -> bool {
    if !step::POSSIBLE || KEYS < KEYS_WANTED {
        println!("stepping: wants {KEYS_WANTED} keys, and no loops of load-exclusive and store-exclusive (+lse)");
        return false;
    }
    let number = |name: &str, default| {
        let word = words.clone().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        word.map_or(default, |number| number.parse().unwrap_or_else(|_| panic!("{name}= takes a number")))
    };
    *EXTENT.lock() = Extent { every: number("every", 1), pairs: number("pairs", 0), seed: number("seed", 1) as u64 };
    let names = words.filter_map(|word| word.strip_prefix("routine="));
    hooks::add(&Stepping);
    state::listen();
    let is_chosen =
        |routine: &&Routine| names.clone().next().is_none() || names.clone().any(|name| name == routine.name);
    let chosen = || ROUTINES.iter().enumerate().filter(|(_, routine)| is_chosen(routine));
    sweep::begin(chosen().map(|(_, routine)| routine.states.len()).sum());
    let mut total = (0, Covered::default());
    for (index, _) in chosen() {
        let covered = on_thread(index);
        total.0 += 1;
        total.1.states += covered.states;
        total.1.boundaries += covered.boundaries;
        total.1.runs += covered.runs;
        total.1.pairs += covered.pairs;
    }
    let (routines, Covered { states, boundaries, runs, pairs }) = total;
    println!("stepping: {routines} routines, {states} states, {boundaries} boundaries, {runs} runs, {pairs} pairs");
    routines > 0
}

/// Sweeps over a routine on a thread of its own.
fn on_thread(index: usize) -> Covered {
    static COVERED: Mutex<Covered> = Mutex::new(Covered { states: 0, boundaries: 0, runs: 0, pairs: 0 });

    fn body(index: usize) {
        // Raises the mark of how many keys there ever were, which is no part of a run.
        keys::fill(KEYS - STATICS);
        keys::delete_all();
        account::warm_up();
        keys::delete_all();
        counter::init();
        check_stepper();
        let extent = *EXTENT.lock();
        *COVERED.lock() = ROUTINES[index].sweep(extent);
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
    let (counted, _) = counted::instructions(step::known, 0, ptr::null_mut());
    assert_eq!(counted, step::KNOWN_INSTRUCTIONS, "the machine does not count instructions: it wants -icount shift=0");
    let last = step::KNOWN_INSTRUCTIONS as usize;
    for at in [[1, 2], [1, last], [last, last + 1]] {
        let stepped = stepper::run((step::known, 0, ptr::null_mut(), at), |_| ());
        let wanted = at.iter().filter(|&&at| at <= last).count();
        assert_eq!(stepped.acted, wanted, "stops in a call whose length is known, at {at:?}");
    }
    let (_, first) = {
        stepper::run((step::known, 0, ptr::null_mut(), [1, stepper::NEVER]), |_| ());
        stepper::acted_at().next().expect("there was a stop")
    };
    assert_eq!(first, step::known as *const () as usize, "the first boundary");
}
