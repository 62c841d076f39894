//! What a handler does.

use crate::explore;
use crate::ledger::{Ledger, ledger};
use crate::machine::{Machine, ORDINARY};
use crate::plan::{Plan, plan};

/// One of the two indexes in play: the one that the interrupted call is about, and its neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Index 0.
    This = 0,
    /// The other one.
    Other = 1,
}

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Get(Side),
    /// With the handle of the first key at the index, whatever has become of it.
    GetFirst,
    SetFirst,
    Set(Side),
    Clear(Side),
    /// Gets the value, clears the key, frees the value.
    Take(Side),
    /// Gets the value, sets another, frees the value.
    Swap(Side),
    /// Sets the value again that was freed last at this index.
    SetFreed(Side),
    /// Gets the value, and sets the one again that was set first at this index. It is its run's only handler:
    /// docs/decisions.md tells what two can do.
    SetAgain(Side),
    /// The same under another key: deletes the key at this index and creates one there before.
    RenewAgain(Side),
    /// As another CPU does: takes the free index that is the lowest, or none.
    Create,
    Delete(Side),
    /// Gets the value, deletes the key, frees the value.
    DeleteAndFree(Side),
    /// Deletes and creates so many times, and sets the last key.
    Renew(Side, u8),
    /// Deletes, creates a key of the other phase, and sets it.
    RenewInOtherPhase(Side),
    /// As another CPU does: deletes and creates.
    Recreate(Side),
    /// As another CPU does: takes from shared slots.
    TakeShared(Side),
    /// As another CPU does that has seen the value which was set first at this index before the call began: takes that from shared
    /// slots, if it is there still.
    ClaimShared(Side),
    StaticGet,
    StaticSet,
    StaticTake,
    StaticSwap,
    TypedTake,
    TypedReplace,
    TypedWith,
    LentWith,
    LentInit,
    Register,
    Once,
    /// The thread never runs again, and its exit is run for it.
    Die,
}

use Action::{
    ClaimShared, Clear, Create, Delete, DeleteAndFree, Die, Get, GetFirst, LentInit, LentWith, Once, Recreate,
    Register, Renew, RenewAgain, RenewInOtherPhase, Set, SetAgain, SetFirst, SetFreed, StaticGet, StaticSet,
    StaticSwap, StaticTake, Swap, Take, TakeShared, TypedReplace, TypedTake, TypedWith,
};
use Side::{Other, This};

impl Action {
    /// Whether `inner` may interrupt this. Code that takes a value by get and set keeps others that do from
    /// interrupting it; and code that takes from shared slots keeps the key from being deleted and set meanwhile.
    pub(crate) fn may_be_interrupted_by(self, inner: Self) -> bool {
        match self {
            Take(This) | Swap(This) | DeleteAndFree(This) | StaticTake | StaticSwap => !matches!(
                inner,
                StaticTake
                    | StaticSwap
                    | Take(This)
                    | Swap(This)
                    | DeleteAndFree(This)
                    | TakeShared(This)
                    | ClaimShared(This)
            ),
            Take(Other) | Swap(Other) => !matches!(inner, Take(Other) | Swap(Other) | TakeShared(Other)),
            // The other CPU's exchange is one step, whatever that of this CPU is.
            ClaimShared(_) => false,
            SetAgain(_) | RenewAgain(_) => false,
            // A control that is being initialised is waited for, which a handler can't.
            Once => inner != Once,
            TakeShared(side) => {
                let is_about_it = |other| other == side;
                !matches!(inner, Set(other) | Swap(other) | SetAgain(other) | RenewAgain(other) | SetFreed(other) | Delete(other) | DeleteAndFree(other) | Renew(other, _)
                    | RenewInOtherPhase(other) | Recreate(other) if is_about_it(other))
            }
            _ => true,
        }
    }

    /// Whether it would do anything.
    pub(crate) fn is_possible(self, ledger: &Ledger) -> bool {
        match self {
            _ if ledger.has_set_again => false,
            // What the minimal library has not.
            Register | Once | RenewInOtherPhase(_) | TakeShared(_) | ClaimShared(_) if cfg!(minimal) => false,
            ClaimShared(side) => {
                let value = ledger.first_value(side);
                value != 0 && ledger.keys[usize::from(ledger.owner(value))].is_live
            }
            SetAgain(_) => plan(Plan::begun) == 0,
            RenewAgain(side) => plan(Plan::begun) == 0 && ledger.current_key(side).is_live,
            Delete(side) | DeleteAndFree(side) => ledger.current_key(side).is_live,
            SetFreed(side) => ledger.freed[side as usize] != 0,
            Die => plan(|plan| plan.level()) == 0,
            _ => true,
        }
    }

    /// Does it.
    pub(crate) fn run(self, machine: &dyn Machine) {
        match self {
            Get(side) => _ = machine.get(current(side)),
            GetFirst => _ = machine.get(0),
            SetFirst => _ = machine.set(0, new_value()),
            Set(side) => _ = machine.set(current(side), new_value()),
            Clear(side) => _ = machine.set(current(side), 0),
            Take(side) => get_and_set(machine, current(side), 0),
            Swap(side) => get_and_set(machine, current(side), new_value()),
            SetFreed(side) => {
                let freed = ledger(|ledger| std::mem::take(&mut ledger.freed[side as usize]));
                machine.set(current(side), freed);
            }
            SetAgain(side) => set_again(machine, side),
            RenewAgain(side) => {
                renew(machine, side, 1, false, false);
                set_again(machine, side);
            }
            Create => _ = machine.create(ORDINARY),
            Delete(side) => _ = machine.delete(current(side)),
            DeleteAndFree(side) => {
                let key = current(side);
                let value = machine.get(key);
                if machine.delete(key) {
                    free(value);
                }
            }
            Renew(side, times) => renew(machine, side, times, false, true),
            RenewInOtherPhase(side) => renew(machine, side, 1, true, true),
            Recreate(side) => renew(machine, side, 1, false, false),
            TakeShared(side) => free(machine.take(current(side))),
            ClaimShared(side) => {
                let value = ledger(|ledger| ledger.first_value(side));
                machine.claim(value);
            }
            StaticGet => _ = machine.static_get(),
            StaticSet => machine.static_set(new_value()),
            StaticTake => {
                let value = machine.static_get();
                machine.static_set(0);
                free(value);
            }
            StaticSwap => {
                let value = machine.static_get();
                machine.static_set(new_value());
                free(value);
            }
            TypedTake => free(machine.typed_take()),
            TypedReplace => machine.typed_replace(),
            TypedWith => machine.typed_with(),
            LentWith => machine.lent_with(),
            LentInit => machine.lent_init(),
            Register => machine.at_thread_exit(),
            Once => machine.once(1),
            Die => explore::bury(machine),
        }
    }
}

pub(crate) fn current(side: Side) -> u8 {
    ledger(|ledger| ledger.current[side as usize])
}

pub(crate) fn new_value() -> u16 {
    ledger(Ledger::new_value)
}

fn free(value: u16) {
    if value != 0 {
        ledger(|ledger| ledger.free(value));
    }
}

/// Gets the value, sets another, and frees what it got. If the key is deleted meanwhile, the deleting code frees the
/// values.
fn get_and_set(machine: &dyn Machine, key: u8, new: u16) {
    let value = machine.get(key);
    if machine.set(key, new) {
        free(value);
    }
}

/// Gets the value of an index's key, and sets the one that was set first there.
fn set_again(machine: &dyn Machine, side: Side) {
    let value = ledger(|ledger| {
        ledger.has_set_again = true;
        ledger.first_value(side)
    });
    machine.get(current(side));
    machine.set(current(side), value);
}

/// Deletes the key at an index and creates another there, so many times.
fn renew(machine: &dyn Machine, side: Side, times: u8, in_other_phase: bool, sets: bool) {
    let mut key = current(side);
    for _ in 0..times {
        machine.delete(key);
        let record = ledger(|ledger| ledger.keys[usize::from(key)]);
        let Some(next) = machine.create(record.renewed(in_other_phase)) else { return };
        key = next;
    }
    if sets {
        machine.set(key, new_value());
    }
}

/// What most handlers do.
pub(crate) const COMMON: &[Action] = &[
    Get(This),
    Set(This),
    Set(Other),
    Clear(This),
    Take(This),
    Swap(This),
    Delete(This),
    DeleteAndFree(This),
    Renew(This, 1),
    Renew(This, 2),
    Renew(This, 3),
    RenewInOtherPhase(This),
    Recreate(This),
    GetFirst,
    SetFirst,
    Register,
];

/// What handlers do while keys are created and deleted: to the index in play, to others, and to the one that is free.
pub(crate) const KEYS: &[Action] = &[
    Create,
    Get(This),
    Set(This),
    Set(Other),
    Clear(This),
    Take(This),
    Swap(This),
    Delete(This),
    Delete(Other),
    Renew(This, 1),
    Renew(This, 2),
    Renew(Other, 1),
    RenewInOtherPhase(This),
    Recreate(This),
    Recreate(Other),
    GetFirst,
    SetFirst,
    Register,
];

/// The same with three handlers, of which there are many more plans.
pub(crate) const COMMON_FEW: &[Action] = &[
    Get(This),
    Set(This),
    Take(This),
    Swap(This),
    DeleteAndFree(This),
    Renew(This, 1),
    Renew(This, 2),
    Recreate(This),
];

/// What handlers do in shared slots.
pub(crate) const SHARED: &[Action] = &[
    Get(This),
    Set(This),
    Set(Other),
    Clear(This),
    Swap(This),
    TakeShared(This),
    TakeShared(Other),
    ClaimShared(This),
    Delete(This),
    Renew(This, 1),
    Renew(This, 2),
    Recreate(This),
];

/// The same with three handlers.
pub(crate) const SHARED_FEW: &[Action] = &[
    Get(This),
    Set(This),
    Swap(This),
    TakeShared(This),
    ClaimShared(This),
    Delete(This),
    Renew(This, 1),
    Renew(This, 2),
];

/// What handlers do while another thread takes from shared slots.
pub(crate) const TAKERS: &[Action] = &[
    Get(This),
    Clear(This),
    TakeShared(This),
    TakeShared(Other),
    Set(Other),
    Delete(Other),
    Renew(Other, 1),
    Renew(Other, 2),
    Register,
];

/// What handlers do with a static key.
pub(crate) const STATIC: &[Action] = &[
    Get(This),
    Set(This),
    Take(This),
    Swap(This),
    StaticGet,
    StaticSet,
    StaticTake,
    StaticSwap,
    Set(Other),
    Renew(Other, 1),
    Register,
];

/// The same with three handlers.
pub(crate) const STATIC_FEW: &[Action] =
    &[Get(This), Set(This), StaticGet, StaticSet, StaticTake, StaticSwap, Take(This)];

/// What handlers do with a typed key.
pub(crate) const TYPED: &[Action] =
    &[Get(This), TypedTake, TypedReplace, TypedWith, Set(Other), Renew(Other, 1), Register];

/// What handlers do with a key that may not be created yet, whose values are taken out.
pub(crate) const OWNED_FIRST: &[Action] = &[TypedTake, TypedReplace, TypedWith, Set(Other), Register];

/// What handlers do with a key whose values are lent.
pub(crate) const LENT: &[Action] = &[Get(This), LentWith, LentInit, Set(Other), Renew(Other, 1), Register];

/// What handlers do with one whose value lies elsewhere than what a plain get gives.
pub(crate) const LENT_INLINE: &[Action] = &[LentWith, LentInit, Set(Other), Renew(Other, 1), Register];

/// What handlers do with one that may not be created yet; or three of them, none of which re-creates an index: in a
/// table with room for more keys, the exception for a set whose own key is deleted is not told then.
pub(crate) const LENT_FIRST: &[Action] = &[LentWith, LentInit, Set(Other), Register];

/// With pointers that are used again.
pub(crate) const USED_AGAIN: &[Action] = &[
    Set(This),
    SetAgain(This),
    RenewAgain(This),
    SetFreed(This),
    SetFreed(Other),
    Take(This),
    Swap(This),
    Take(Other),
    Delete(This),
    Renew(This, 1),
    Renew(This, 2),
];

/// What has to do with neither keys nor values, too.
pub(crate) const DUTIES: &[Action] = &[Register, Once, Set(This), Take(This), Delete(This), Renew(This, 1)];

/// A thread that dies.
pub(crate) const DEATHS: &[Action] = &[
    Die,
    Get(This),
    Set(This),
    Set(Other),
    Clear(This),
    Take(This),
    Swap(This),
    Delete(This),
    Renew(This, 1),
    Renew(This, 2),
    Register,
];

/// The same with three handlers. None re-creates an index: the exception for a set whose own key is deleted is not told
/// after a death.
pub(crate) const DEATHS_FEW: &[Action] = &[Die, Set(This), Take(This), Swap(This)];

/// A thread that dies with a static key.
pub(crate) const STATIC_DEATHS: &[Action] =
    &[Die, Get(This), Set(This), StaticSet, StaticTake, StaticSwap, Set(Other), Renew(Other, 1)];

/// The same with three handlers. None re-creates an index, as above.
pub(crate) const STATIC_DEATHS_FEW: &[Action] =
    &[Die, Get(This), Set(This), StaticSet, StaticTake, StaticSwap, Set(Other)];
