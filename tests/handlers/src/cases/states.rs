//! The states from which calls are interrupted.

use tsd::{Inline, KeyOptions, OwnedKey, SharedKey, Static, StaticKey};

use super::Routine;
use crate::actions::{Side::Other, Side::This, current, new_value};
use crate::calls::Value;
use crate::destructors::{self, Held};
use crate::machine::{Kind, Machine, ORDINARY, Typed};
use crate::world::{Kernel, World};

type State = (&'static dyn Machine, Routine);

const LAST_PHASE: Kind = Kind { is_last_phase: true, has_destructor: true };
const NO_DESTRUCTOR: Kind = Kind { is_last_phase: false, has_destructor: false };
const STATIC: StaticKey = StaticKey::new(0, KeyOptions::new().destructor(destructors::of_key(0)));
const STATIC_LAST_PHASE: StaticKey =
    StaticKey::new(0, KeyOptions::new().destructor(destructors::of_key(0)).last_phase());

/// A value that is not the ledger's.
const LEFT: Value = 200;

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
    world.create_at_second(ORDINARY, 0);
    world
}

/// The same where a deleted key's value is left in the slot of the index that the key will have.
fn unused_over_a_predecessor_and_key(kind: Typed) -> &'static dyn Machine {
    let world = World::<6>::new(None);
    world.typed_create(kind);
    world.create_at_second(ORDINARY, LEFT);
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
        Typed::StaticInline => SharedKey::<Inline<Held>, Static<Kernel<2>, 0>>::options(),
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

pub(super) mod exit;

pub(super) mod set {
    use super::{
        LAST_PHASE, ORDINARY, STATIC, State, This, current, key_and_predecessor, keys, keys_far_apart, new_value, set,
        set_both, static_and_key, with,
    };
    use crate::ledger::ledger;
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

    /// The allocator gives out again what the exit has freed, and whose pointer may still be in the slot.
    pub(crate) fn after_exit_and_free() -> State {
        let set_exit_and_free = |machine: &dyn Machine| {
            let value = new_value();
            machine.set(current(This), value);
            machine.exit();
            ledger(|ledger| ledger.freed[This as usize] = value);
        };
        (with(keys(ORDINARY, ORDINARY), set_exit_and_free), set)
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

pub(super) mod typed;

pub(super) mod owned;

pub(super) mod lent;

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
