//! Calls of `OwnedKey`.

use super::{State, static_typed_and_key, unused_and_key, used_and_key, with};
use crate::actions::Action;
use crate::machine::{Machine, Typed::Owned, Typed::StaticOwned};

fn replace(machine: &dyn Machine) {
    machine.typed_replace();
}

pub(crate) fn first_use() -> State {
    (unused_and_key(Owned), replace)
}

pub(crate) fn with_value() -> State {
    (with(used_and_key(Owned, replace), replace), |machine| Action::TypedWith.run(machine))
}

pub(crate) fn static_replace() -> State {
    (with(static_typed_and_key(StaticOwned), replace), replace)
}

pub(crate) fn static_replace_first() -> State {
    (static_typed_and_key(StaticOwned), replace)
}

pub(crate) fn static_take() -> State {
    (with(static_typed_and_key(StaticOwned), replace), |machine| Action::TypedTake.run(machine))
}

pub(crate) fn static_with() -> State {
    (with(static_typed_and_key(StaticOwned), replace), |machine| Action::TypedWith.run(machine))
}
