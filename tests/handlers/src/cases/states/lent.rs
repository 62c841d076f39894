//! Calls of `SharedKey`.

use super::{State, static_typed_and_key, unused_and_key, unused_over_a_predecessor_and_key, used_and_key, with};
use crate::machine::{Machine, Typed::Inline, Typed::Shared, Typed::StaticInline, Typed::StaticShared};

fn initialise(machine: &dyn Machine) {
    machine.lent_init();
}

fn with_lent(machine: &dyn Machine) {
    machine.lent_with();
}

pub(crate) fn first_use() -> State {
    (unused_and_key(Shared), initialise)
}

pub(crate) fn first_use_over_a_predecessor() -> State {
    (unused_over_a_predecessor_and_key(Shared), initialise)
}

pub(crate) fn unset() -> State {
    (used_and_key(Shared, initialise), initialise)
}

pub(crate) fn set() -> State {
    (with(used_and_key(Shared, initialise), initialise), with_lent)
}

pub(crate) fn static_unset() -> State {
    (static_typed_and_key(StaticShared), initialise)
}

pub(crate) fn inline_unset() -> State {
    (static_typed_and_key(StaticInline), initialise)
}

/// The next value lies where the last one did.
pub(crate) fn inline_after_exit() -> State {
    (used_and_key(Inline, initialise), initialise)
}

pub(crate) fn static_set() -> State {
    (with(static_typed_and_key(StaticShared), initialise), with_lent)
}
