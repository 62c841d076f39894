//! `delete`: of all that delete a key, one succeeds, and no later key suffers.

use core::{ffi::c_void, ptr};

use tsd::{Error, Key};

use super::{
    action::{self, Action, DELETE, READ_AND_SET, RECREATE},
    keys, ledger,
    name::{self, Name},
    routine::{Routine, Run},
    space::SPACE,
    state::{State, Step, slot},
};
use crate::core::capacity::KEYS;

pub(super) static ROUTINE: Routine =
    Routine::new("delete", &STATES, &[READ_AND_SET, &[Action::Create, Action::Exit], DELETE, RECREATE], begin, check);

static STATES: [State; 7] = {
    use Name::{Key, Other};
    use Step::{Create, Leave, Set};
    [
        State::of(delete, slot::FRESH),
        State::of(delete, slot::BOTH_SET),
        State::of(delete, slot::STALE),
        State::of(delete, slot::REUSED),
        State::new("full table", delete, &[Create(Key), Create(Other), Set(Key), Leave(0)]),
        State::of(delete, slot::DELETED),
        State::of(delete, slot::KEY_0),
    ]
};

fn begin() -> (usize, *mut c_void) {
    ledger::begin_delete(Name::Key);
    (name::handle(Name::Key).raw() as usize, ptr::null_mut())
}

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
    name::deleted(Name::Key);
    ledger::end_delete(Name::Key);
    let created = usize::from(name::is_live(Name::Successor));
    if run.actions.iter().any(|action| action.creates()) && (run.free > 0 || by_other) {
        assert_eq!(created, 1, "no key was created, though an index was free");
    }
    let (deleted, in_use) = (usize::from(was_live), SPACE.table().in_use());
    assert_eq!(in_use + run.free + deleted, KEYS + created, "indexes that are taken");
    if created == 0 && run.free == 0 {
        // The index that came back can be had.
        keys::create(Name::Successor).expect("the index of the deleted key");
    }
    run.result
}
