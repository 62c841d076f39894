//! Calls of typed keys that are made at run time.

use super::{State, typed_and_key};
use crate::actions::Action;

fn holding() -> &'static dyn crate::machine::Machine {
    let machine = typed_and_key();
    machine.typed_replace();
    machine
}

pub(crate) fn take() -> State {
    (holding(), |machine| Action::TypedTake.run(machine))
}

pub(crate) fn replace() -> State {
    (holding(), |machine| Action::TypedReplace.run(machine))
}

pub(crate) fn replace_first() -> State {
    (typed_and_key(), |machine| Action::TypedReplace.run(machine))
}

pub(crate) fn with() -> State {
    (holding(), |machine| Action::TypedWith.run(machine))
}
