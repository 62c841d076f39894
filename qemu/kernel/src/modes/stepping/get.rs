//! `get`: the old value, or what the handler has stored, and NULL once the key is dead.

use core::{ffi::c_void, ptr};

use tsd::Key;

use super::{
    action::{Action, CHANGE, DELETE, END, READ_AND_SET, RECREATE},
    ledger,
    name::{self, Name},
    routine::{Routine, Run},
    space::SPACE,
    state::{State, slot},
};

pub(super) static ROUTINE: Routine = Routine::new(
    "get",
    &STATES,
    &[READ_AND_SET, CHANGE, END, DELETE, RECREATE],
    || (name::handle(Name::Key).raw() as usize, ptr::null_mut()),
    check,
)
.with_pairs();

static STATES: [State; 7] = [
    State::of(get, slot::FRESH),
    State::of(get, slot::BOTH_SET),
    State::of(get, slot::SET_TO_NULL),
    State::of(get, slot::STALE),
    State::of(get, slot::REUSED),
    State::of(get, slot::DELETED),
    State::of(get, slot::KEY_0),
];

extern "C" fn get(key: usize, _: *mut c_void) -> usize {
    SPACE.get(Key::from_raw(key as u32)).addr()
}

fn check(run: &Run<'_>) -> usize {
    let result = ledger::value(ptr::without_provenance_mut(run.result));
    let may_be = |action: &Action| match action {
        Action::Set(Name::Key) | Action::Swap(Name::Key) => ledger::is_of_handler(result, Name::Key),
        Action::Clear(Name::Key) | Action::Take(Name::Key) => result == 0,
        action => result == 0 && action.deletes(Name::Key),
    };
    assert!(result == run.initial || run.actions.iter().any(may_be), "get gave {result}");
    result
}
