//! `delete`: of all that delete a key, one succeeds, and no later key suffers.

use core::{ffi::c_void, ptr};

use tsd::{Error, Key};

use super::{
    action::{self, Action},
    keys::{self, Name},
    ledger,
    routine::{Routine, Run},
    space::SPACE,
    state::{State, Step},
};
use crate::core::capacity::KEYS;

pub(super) static ROUTINE: Routine = Routine {
    name: "delete",
    states: &STATES,
    actions: &[
        Action::Get,
        Action::Set(Name::Key),
        Action::Set(Name::Other),
        Action::Create,
        // Not to die: the index that the call owns at this moment would be lost.
        Action::Exit,
        Action::Delete(Name::Key),
        Action::DeleteCreate(Name::Key),
        Action::Recreate(Name::Key, 1),
    ],
    begin: || {
        ledger::begin_delete(Name::Key);
        (keys::handle(Name::Key).raw() as usize, ptr::null_mut())
    },
    check,
    is_exit: false,
    has_pairs: false,
};

static STATES: [State; 7] = {
    use Name::{Key, Other};
    use Step::{Create, Delete, Leave, Recreate, Set};
    [
        State::new("fresh slot", delete, &[Create(Key), Create(Other)]),
        State::new("value set", delete, &[Create(Key), Create(Other), Set(Key), Set(Other)]),
        State::new("stale slot", delete, &[Create(Key), Create(Other), Set(Key), Recreate(Key)]),
        State::new(
            "re-used index, value set",
            delete,
            &[Create(Key), Create(Other), Set(Key), Recreate(Key), Set(Key)],
        ),
        State::new("full table", delete, &[Create(Key), Create(Other), Set(Key), Leave(0)]),
        State::new("deleted key", delete, &[Create(Key), Create(Other), Set(Key), Delete(Key)]),
        State::new("key 0", delete, &[Create(Other), Set(Other)]),
    ]
};

extern "C" fn delete(key: usize, _: *mut c_void) -> usize {
    action::code(&SPACE.delete(Key::from_raw(key as u32)))
}

fn check(run: &Run<'_>) -> usize {
    // Whether there was a key, and who deleted it.
    let was_live = run.state.steps.iter().any(|step| matches!(step, Step::Create(Name::Key)))
        && !run.state.steps.iter().any(|step| matches!(step, Step::Delete(Name::Key)));
    let (succeeded, by_other) = (run.result == 0, run.was_deleted(Name::Key));
    assert_eq!(usize::from(succeeded) + usize::from(by_other), usize::from(was_live), "deletions of one key");
    let errors = [Error::DeletedKey, Error::InvalidKey].map(|error| error as usize);
    assert!(succeeded || errors.contains(&run.result), "delete gave {:#x}", run.result);
    keys::deleted(Name::Key);
    ledger::end_delete(Name::Key);
    let created = usize::from(keys::is_live(Name::Successor));
    if run.actions.iter().any(|action| action.creates()) && (run.free > 0 || by_other) {
        assert_eq!(created, 1, "no key was created, though a place was free");
    }
    let (deleted, in_use) = (usize::from(was_live), SPACE.table().in_use());
    assert_eq!(in_use + run.free + deleted, KEYS + created, "places that are taken");
    if created == 0 && run.free == 0 {
        // The place that came back can be had.
        keys::create(Name::Successor).expect("the place of the deleted key");
    }
    run.result
}
