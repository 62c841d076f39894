//! `create`: a key of its own, that reads NULL, whenever an index is free; no index is lost.

use core::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
};

use tsd::{Error, Key};

use super::{
    action::{self, Action, READ_AND_SET},
    keys,
    name::{self, Name},
    routine::{Routine, Run},
    space::SPACE,
    state::{State, Step},
};
use crate::core::capacity::KEYS;

/// `Key` is dead or was never created: the one whose index the new key gets.
pub(super) static ROUTINE: Routine =
    Routine::new("create", &STATES, &[READ_AND_SET, ACTIONS], || (0, ptr::null_mut()), check);

const ACTIONS: &[Action] = &[
    Action::Create,
    Action::Exit,
    Action::Delete(Name::Other),
    Action::DeleteCreate(Name::Other),
    Action::Recreate(Name::Other, 1),
];

static STATES: [State; 5] = {
    use Name::{Key, Other};
    use Step::{Create, Delete, Fill, Leave, Set};
    [
        State::new("fresh index", create, &[Create(Other), Set(Other)]),
        State::new(
            "re-used index, stale slot",
            create,
            &[Create(Key), Create(Other), Set(Key), Set(Other), Delete(Key)],
        ),
        State::new("second word of indexes", create, &[Create(Other), Fill(63), Set(Other)]),
        State::new(
            "one place left, stale slot",
            create,
            &[Create(Other), Fill(70), Create(Key), Set(Key), Set(Other), Leave(0), Delete(Key)],
        ),
        State::new("full table", create, &[Create(Other), Set(Other), Leave(0)]),
    ]
};

/// The key that the call has created.
static CREATED: AtomicU32 = AtomicU32::new(0);

extern "C" fn create(_: usize, _: *mut c_void) -> usize {
    let created = SPACE.create_with(keys::options(Name::Created));
    if let Ok(key) = created {
        CREATED.store(key.raw(), SeqCst);
    }
    action::code(&created)
}

fn check(run: &Run<'_>) -> usize {
    let succeeded = run.result == 0;
    assert!(succeeded || run.result == Error::TableFull as usize, "create gave {:#x}", run.result);
    let by_handler = name::is_live(Name::Successor);
    let action = run.actions.first().copied();
    match action {
        Some(Action::Create) => {
            assert_eq!(usize::from(succeeded) + usize::from(by_handler), run.free.min(2), "keys that were created");
        }
        // The index may have come back in time.
        Some(Action::Delete(_)) if run.free == 0 => {}
        _ => {
            assert_eq!(succeeded, run.free > 0, "create gave {:#x}", run.result);
            assert_eq!(by_handler, action.is_some_and(Action::creates), "keys that the handler created");
        }
    }
    let changes = usize::from(succeeded) + usize::from(by_handler);
    let deleted = usize::from(run.was_deleted(Name::Other));
    assert_eq!(SPACE.table().in_use() + run.free, KEYS + changes - deleted, "indexes that are taken");
    if succeeded {
        check_created(Key::from_raw(CREATED.load(SeqCst)));
    }
    run.result
}

fn check_created(key: Key) {
    let index = tsd::raw::index::<KEYS>(key);
    for name in Name::ALL.into_iter().filter(|&name| name::is_live(name)) {
        assert_ne!(tsd::raw::index::<KEYS>(name::handle(name)), index, "{name:?} has the same index");
    }
    assert!(SPACE.table().is_live(key), "the new key is dead");
    assert!(SPACE.get(key).is_null(), "the new key has a value");
    let info = SPACE.table().info(index).expect("it is live");
    let options = keys::options(Name::Created);
    assert_eq!((info.key, info.name), (key, options.name), "what the table says of the new key");
    assert_eq!(info.destructor.map(|it| it as usize), options.destructor.map(|it| it as usize), "its destructor");
    name::created(Name::Created, key);
}
