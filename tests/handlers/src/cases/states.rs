//! The states from which calls are interrupted.

use tsd::{KeyOptions, OwnedKey, SharedKey, Static, StaticKey};

use super::Routine;
use crate::actions::{Side::Other, Side::This, current, new_value};
use crate::destructors::{self, Held};
use crate::machine::{Kind, Machine, ORDINARY, Typed};
use crate::world::{Kernel, World};

type State = (&'static dyn Machine, Routine);

const LAST_PHASE: Kind = Kind { is_last_phase: true, has_destructor: true };
const NO_DESTRUCTOR: Kind = Kind { is_last_phase: false, has_destructor: false };
const STATIC: StaticKey = StaticKey::new(0, KeyOptions::new().destructor(destructors::of_key(0)));
const STATIC_LAST_PHASE: StaticKey =
    StaticKey::new(0, KeyOptions::new().destructor(destructors::of_key(0)).last_phase());

/// Two run-time keys, and no room for more.
fn keys(first: Kind, second: Kind) -> &'static dyn Machine {
    keys_in(World::<2>::new(None), first, second)
}

fn keys_in(machine: &'static dyn Machine, first: Kind, second: Kind) -> &'static dyn Machine {
    machine.create(first);
    machine.create(second);
    machine
}

/// Two run-time keys whose bits are in different words.
fn keys_far_apart() -> &'static dyn Machine {
    let world = World::<128>::new(None);
    world.create(ORDINARY);
    world.fill_between(63);
    world.create(ORDINARY);
    world.fill_between(63);
    world
}

/// A static key and a run-time key.
fn static_and_key(key: StaticKey) -> &'static dyn Machine {
    let world = World::<2>::new(Some(key));
    world.create(ORDINARY);
    world
}

/// A typed key and a run-time key.
fn typed_and_key() -> &'static dyn Machine {
    let world = World::<2>::new(None);
    world.typed_create(Typed::AtRunTime);
    world.create(ORDINARY);
    world
}

/// A key that is created at its first use, which has not come, and a run-time key; with room for several that are
/// created at once.
fn unused_and_key(kind: Typed) -> &'static dyn Machine {
    let world = World::<6>::new(None);
    world.typed_create(kind);
    world.create_at_second(ORDINARY);
    world
}

/// A key that was created at its first use, with no value, and a run-time key.
fn used_and_key(kind: Typed, first_use: fn(&dyn Machine)) -> &'static dyn Machine {
    let machine = unused_and_key(kind);
    first_use(machine);
    machine.exit();
    machine
}

/// A static key of a type and a run-time key.
fn static_typed_and_key(kind: Typed) -> &'static dyn Machine {
    let options = match kind {
        Typed::StaticOwned => OwnedKey::<Held, Static<Kernel<2>, 0>>::options(),
        _ => SharedKey::<Held, Static<Kernel<2>, 0>>::options(),
    };
    let world = World::<2>::new(Some(StaticKey::new(0, options)));
    world.typed_create(kind);
    world.create(ORDINARY);
    world
}

/// A key that was created where another was deleted whose value is left in the slot.
fn key_and_predecessor() -> &'static dyn Machine {
    let machine = keys(ORDINARY, ORDINARY);
    set(machine);
    machine.delete(0);
    machine.create(ORDINARY);
    machine
}

fn set(machine: &dyn Machine) {
    machine.set(current(This), new_value());
}

fn set_other(machine: &dyn Machine) {
    machine.set(current(Other), new_value());
}

fn set_both(machine: &dyn Machine) {
    set(machine);
    set_other(machine);
}

/// The state with these values set.
fn with(machine: &'static dyn Machine, sets: fn(&dyn Machine)) -> &'static dyn Machine {
    sets(machine);
    machine
}

pub(super) mod exit {
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
}

pub(super) mod set {
    use super::{
        LAST_PHASE, ORDINARY, STATIC, State, This, current, key_and_predecessor, keys, keys_far_apart, new_value, set,
        set_both, static_and_key, with,
    };
    use crate::machine::Machine;

    fn static_set(machine: &dyn Machine) {
        machine.static_set(new_value());
    }

    fn set_and_exit(machine: &dyn Machine) {
        set_both(machine);
        machine.exit();
    }

    pub(crate) fn first() -> State {
        (keys(ORDINARY, ORDINARY), set)
    }

    pub(crate) fn bound() -> State {
        (with(keys(ORDINARY, ORDINARY), set), set)
    }

    pub(crate) fn null() -> State {
        (with(keys(ORDINARY, ORDINARY), set), |machine| {
            machine.set(current(This), 0);
        })
    }

    pub(crate) fn after_exit() -> State {
        (with(keys(ORDINARY, ORDINARY), set_and_exit), set)
    }

    pub(crate) fn over_a_predecessor() -> State {
        (key_and_predecessor(), set)
    }

    pub(crate) fn last_phase_first() -> State {
        (keys(LAST_PHASE, ORDINARY), set)
    }

    pub(crate) fn indexes_of_two_words() -> State {
        (keys_far_apart(), set)
    }

    pub(crate) fn shared() -> State {
        let machine = with(keys(ORDINARY, ORDINARY), super::set_other);
        machine.share();
        (machine, set)
    }

    pub(crate) fn static_first() -> State {
        (static_and_key(STATIC), static_set)
    }

    pub(crate) fn static_bound() -> State {
        (with(static_and_key(STATIC), static_set), static_set)
    }

    pub(crate) fn static_first_by_number() -> State {
        (static_and_key(STATIC), set)
    }

    pub(crate) fn static_after_exit() -> State {
        (with(static_and_key(STATIC), set_and_exit), static_set)
    }
}

pub(super) mod get {
    use super::{ORDINARY, STATIC, State, This, current, key_and_predecessor, keys, set, static_and_key, with};
    use crate::machine::Machine;

    fn get(machine: &dyn Machine) {
        machine.get(current(This));
    }

    pub(crate) fn bound() -> State {
        (with(keys(ORDINARY, ORDINARY), set), get)
    }

    pub(crate) fn never_set() -> State {
        (keys(ORDINARY, ORDINARY), get)
    }

    pub(crate) fn value_of_a_predecessor() -> State {
        (key_and_predecessor(), get)
    }

    pub(crate) fn static_bound() -> State {
        (with(static_and_key(STATIC), set), |machine| {
            machine.static_get();
        })
    }
}

pub(super) mod take {
    use super::{ORDINARY, State, keys, set_both, with};
    use crate::actions::{Action, Side};

    pub(crate) fn shared() -> State {
        let machine = with(keys(ORDINARY, ORDINARY), set_both);
        machine.share();
        (machine, |machine| Action::TakeShared(Side::This).run(machine))
    }
}

pub(super) mod typed {
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
}

pub(super) mod owned {
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
}

pub(super) mod lent {
    use super::{State, static_typed_and_key, unused_and_key, used_and_key, with};
    use crate::machine::{Machine, Typed::Shared, Typed::StaticShared};

    fn initialise(machine: &dyn Machine) {
        machine.lent_init();
    }

    fn with_lent(machine: &dyn Machine) {
        machine.lent_with();
    }

    pub(crate) fn first_use() -> State {
        (unused_and_key(Shared), initialise)
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

    pub(crate) fn static_set() -> State {
        (with(static_typed_and_key(StaticShared), initialise), with_lent)
    }
}

pub(super) mod keys {
    use super::{ORDINARY, State, This, current, keys, keys_in, set_both, with};
    use crate::machine::Machine;
    use crate::world::World;

    pub(crate) fn delete() -> State {
        (with(keys(ORDINARY, ORDINARY), set_both), |machine| _ = machine.delete(current(This)))
    }

    fn create_after_deletion(machine: &'static dyn Machine) -> State {
        set_both(machine);
        machine.delete(0);
        (machine, |machine| {
            machine.create(ORDINARY);
        })
    }

    pub(crate) fn create() -> State {
        create_after_deletion(keys(ORDINARY, ORDINARY))
    }

    /// A handler that creates a key takes the index that the interrupted call has seen free, and leaves it the other.
    pub(crate) fn create_one_of_two() -> State {
        create_after_deletion(keys_in(World::<3>::new(None), ORDINARY, ORDINARY))
    }
}

pub(super) mod death {
    use super::{State, exit, keys, set};

    pub(crate) fn in_exit() -> State {
        exit::two_values()
    }

    pub(crate) fn in_exit_with_last_phase() -> State {
        exit::last_phase_value()
    }

    pub(crate) fn in_exit_with_static() -> State {
        exit::static_value()
    }

    pub(crate) fn in_destructor_that_sets() -> State {
        exit::destructor_that_sets()
    }

    pub(crate) fn in_set() -> State {
        set::first()
    }

    pub(crate) fn in_set_over_a_predecessor() -> State {
        set::over_a_predecessor()
    }

    pub(crate) fn in_static_set() -> State {
        set::static_first()
    }

    pub(crate) fn in_create() -> State {
        keys::create()
    }

    pub(crate) fn in_delete() -> State {
        keys::delete()
    }
}

pub(super) mod duties {
    use super::{ORDINARY, State, keys, set, with};

    pub(crate) fn once() -> State {
        (with(keys(ORDINARY, ORDINARY), set), |machine| machine.once(0))
    }

    pub(crate) fn at_thread_exit() -> State {
        (with(keys(ORDINARY, ORDINARY), set), |machine| machine.at_thread_exit())
    }
}
