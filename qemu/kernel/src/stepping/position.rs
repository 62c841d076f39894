//! Where the sweep is: for the report of a run that fails.

use spin::Mutex;

use super::stepper;
use crate::println;

static POSITION: Mutex<Option<[&str; 3]>> = Mutex::new(None);

/// Begins the sweep over a routine in a state with an action.
pub(super) fn enter(routine: &'static str, state: &'static str, action: &'static str) {
    *POSITION.lock() = Some([routine, state, action]);
}

/// The sweep is over.
pub(super) fn leave() {
    *POSITION.lock() = None;
}

/// Prints it, if there is a sweep.
pub(crate) fn print() {
    // Not locked by who panics: nothing in this file does.
    let Some([routine, state, action]) = *POSITION.lock() else { return };
    match stepper::place() {
        Some((at, address)) => println!("stepping {routine}: {state}: {action} at boundary {at}, before {address:#x}"),
        None => println!("stepping {routine}: {state}: {action}, no boundary reached yet"),
    }
}
