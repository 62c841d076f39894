//! Where the sweep is: for the report of a run that fails.

use spin::Mutex;

use super::stepper;
use crate::core::console::println;

/// A routine and a state.
static POSITION: Mutex<Option<[&str; 2]>> = Mutex::new(None);
/// What is done in the run.
static ACTIONS: Mutex<[&str; stepper::MOST]> = Mutex::new([""; stepper::MOST]);

/// Begins the sweep over a routine in a state.
pub(super) fn enter(routine: &'static str, state: &'static str) {
    *POSITION.lock() = Some([routine, state]);
}

/// Begins a run, or many, with these actions.
pub(super) fn act(actions: [&'static str; stepper::MOST]) {
    *ACTIONS.lock() = actions;
}

/// The sweep is over.
pub(super) fn leave() {
    *POSITION.lock() = None;
}

/// Prints it, if there is a sweep.
pub(super) fn print() {
    // Not locked by whatever panics: nothing in this file does.
    let Some([routine, state]) = *POSITION.lock() else { return };
    let [first, second] = *ACTIONS.lock();
    println!("stepping {routine}: {state}: {first} {second}");
    for (at, address) in stepper::acted_at() {
        println!("stepping: acted at boundary {at}, before {address:#x}");
    }
}
