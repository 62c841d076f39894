//! `get`: the old value, or what the handler has stored, and NULL once the key is dead.

use core::{ffi::c_void, ptr};

use tsd::Key;

use super::{
    action::Action,
    keys::{self, Name},
    ledger,
    routine::{Routine, Run},
    space::SPACE,
    state::{State, Step},
};

pub(super) static ROUTINE: Routine = Routine {
    name: "get",
    states: &STATES,
    actions: &[
        Action::Get,
        Action::Set(Name::Key),
        Action::Set(Name::Other),
        Action::Clear(Name::Key),
        Action::Take(Name::Key),
        Action::Swap(Name::Key),
        Action::Exit,
        Action::Die,
        Action::Delete(Name::Key),
        Action::DeleteCreate(Name::Key),
        Action::Recreate(Name::Key, 1),
    ],
    begin: || (keys::handle(Name::Key).raw() as usize, ptr::null_mut()),
    check,
    is_exit: false,
    has_pairs: true,
};

static STATES: [State; 7] = {
    use Name::{Key, Other};
    use Step::{Clear, Create, Delete, Recreate, Set};
    [
        State::new("fresh slot", get, &[Create(Key), Create(Other)]),
        State::new("value set", get, &[Create(Key), Create(Other), Set(Key), Set(Other)]),
        State::new("value set to NULL", get, &[Create(Key), Create(Other), Set(Key), Clear(Key)]),
        State::new("stale slot", get, &[Create(Key), Create(Other), Set(Key), Recreate(Key)]),
        State::new("re-used index, value set", get, &[Create(Key), Create(Other), Set(Key), Recreate(Key), Set(Key)]),
        State::new("deleted key", get, &[Create(Key), Create(Other), Set(Key), Delete(Key)]),
        State::new("key 0", get, &[Create(Other), Set(Other)]),
    ]
};

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
