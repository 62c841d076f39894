//! Thread exits.

use super::{
    LAST_PHASE, NO_DESTRUCTOR, ORDINARY, Other, STATIC, STATIC_LAST_PHASE, State, This, current, destructors,
    key_and_predecessor, keys, keys_far_apart, new_value, set, set_both, set_other, static_and_key,
    static_typed_and_key, typed_and_key, used_and_key, with,
};
use crate::machine::{Machine, Typed};

fn exit(machine: &dyn Machine) {
    machine.exit();
}

pub(crate) fn one_value() -> State {
    (with(keys(ORDINARY, ORDINARY), set), exit)
}

pub(crate) fn two_values() -> State {
    (with(keys(ORDINARY, ORDINARY), set_both), exit)
}

pub(crate) fn last_phase_value() -> State {
    (with(keys(LAST_PHASE, ORDINARY), set_both), exit)
}

pub(crate) fn value_of_a_predecessor() -> State {
    (key_and_predecessor(), exit)
}

pub(crate) fn value_without_destructor() -> State {
    (with(keys(NO_DESTRUCTOR, ORDINARY), set_both), exit)
}

/// The destructor of a key sets the other one, as long as the thread's first values last.
pub(crate) fn destructor_that_sets() -> State {
    let machine = with(keys(ORDINARY, ORDINARY), set);
    destructors::besides(Some(Box::leak(Box::new(move |key| {
        if key == 0 {
            machine.set(current(Other), new_value());
        }
    }))));
    (machine, exit)
}

/// The destructor of the first key sets it again, but not more often than there are rounds.
pub(crate) fn destructor_that_sets_its_own() -> State {
    let machine = with(keys(ORDINARY, ORDINARY), set);
    destructors::besides(Some(Box::leak(Box::new(move |key| {
        if key == 0 && crate::ledger::ledger(|ledger| ledger.destroyed == 1) {
            machine.set(current(This), new_value());
        }
    }))));
    (machine, exit)
}

pub(crate) fn indexes_of_two_words() -> State {
    (with(keys_far_apart(), set_both), exit)
}

pub(crate) fn functions() -> State {
    let machine = with(keys(ORDINARY, ORDINARY), set);
    machine.at_thread_exit();
    (machine, exit)
}

pub(crate) fn pointers_used_again() -> State {
    (with(keys(ORDINARY, ORDINARY), set_both), exit)
}

pub(crate) fn static_value() -> State {
    (with(static_and_key(STATIC), set_both), exit)
}

pub(crate) fn static_last_phase_value() -> State {
    (with(static_and_key(STATIC_LAST_PHASE), set_both), exit)
}

pub(crate) fn shared_values() -> State {
    let machine = with(keys(ORDINARY, ORDINARY), set_both);
    machine.share();
    (machine, exit)
}

pub(crate) fn shared_static_value() -> State {
    let machine = with(static_and_key(STATIC), set_both);
    machine.share();
    (machine, exit)
}

pub(crate) fn typed_value() -> State {
    let machine = typed_and_key();
    machine.typed_replace();
    (machine, exit)
}

pub(crate) fn owned_value() -> State {
    (with(used_and_key(Typed::Owned, |machine| machine.typed_replace()), |machine| machine.typed_replace()), exit)
}

pub(crate) fn static_owned_value() -> State {
    (with(static_typed_and_key(Typed::StaticOwned), |machine| machine.typed_replace()), exit)
}

pub(crate) fn lent_value() -> State {
    (with(used_and_key(Typed::Shared, |machine| machine.lent_init()), |machine| machine.lent_init()), exit)
}

pub(crate) fn static_lent_value() -> State {
    (with(static_typed_and_key(Typed::StaticShared), |machine| machine.lent_init()), exit)
}

pub(crate) fn inline_value() -> State {
    (with(static_typed_and_key(Typed::StaticInline), |machine| machine.lent_init()), exit)
}

/// Destructors, also the value's own, ask for the value, or a new one.
pub(crate) fn destructor_that_initialises() -> State {
    let machine = used_and_key(Typed::Shared, |machine| machine.lent_init());
    destructors::besides(Some(Box::leak(Box::new(move |_| {
        machine.lent_with();
        machine.lent_init();
    }))));
    set_other(machine);
    (with(machine, |machine| machine.lent_init()), exit)
}
