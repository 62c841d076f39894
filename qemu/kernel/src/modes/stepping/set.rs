//! `set`: done as a whole, whatever comes between; an error only for a key that is dead.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use tsd::{Error, Key};

use super::{
    action::{self, Action},
    keys::{self, Name},
    ledger,
    routine::{Routine, Run},
    space::SPACE,
    state::{State, Step},
};

pub(super) static ROUTINE: Routine = Routine {
    name: "set",
    states: &STATES,
    actions: &ACTIONS,
    begin: || begin(ledger::fresh()),
    check,
    is_exit: false,
    has_pairs: true,
};

pub(super) static CLEAR: Routine = Routine {
    name: "set-null",
    states: &CLEAR_STATES,
    actions: &ACTIONS,
    begin: || begin(0),
    check,
    is_exit: false,
    has_pairs: true,
};

/// To delete the key, create one in its place and set that is what a handler must not do here.
static ACTIONS: [Action; 10] = [
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
];

static STATES: [State; 8] = {
    use Name::{Key, Other};
    use Step::{Clear, Create, Delete, Fill, Recreate, Set};
    [
        State::new("fresh slot, first value of the thread", set, &[Create(Key), Create(Other)]),
        State::new("fresh slot", set, &[Create(Key), Create(Other), Set(Other)]),
        State::new("fresh slot, another word of bits in use", set, &[Create(Key), Fill(64), Create(Other), Set(Other)]),
        State::new("value set", set, &[Create(Key), Create(Other), Set(Key)]),
        State::new("value set to NULL", set, &[Create(Key), Create(Other), Set(Key), Clear(Key)]),
        State::new("stale slot", set, &[Create(Key), Create(Other), Set(Key), Recreate(Key)]),
        State::new("re-used index, value set", set, &[Create(Key), Create(Other), Set(Key), Recreate(Key), Set(Key)]),
        State::new("deleted key", set, &[Create(Key), Create(Other), Set(Key), Delete(Key)]),
    ]
};

static CLEAR_STATES: [State; 4] = {
    use Name::{Key, Other};
    use Step::{Create, Delete, Recreate, Set};
    [
        State::new("fresh slot", set, &[Create(Key), Create(Other)]),
        State::new("value set", set, &[Create(Key), Create(Other), Set(Key)]),
        State::new("stale slot", set, &[Create(Key), Create(Other), Set(Key), Recreate(Key)]),
        State::new("deleted key", set, &[Create(Key), Create(Other), Set(Key), Delete(Key)]),
    ]
};

extern "C" fn set(key: usize, value: *mut c_void) -> usize {
    // SAFETY: The destructors only look at the number.
    action::code(&unsafe { SPACE.set(Key::from_raw(key as u32), value) })
}

/// The value that the call is given.
static VALUE: AtomicUsize = AtomicUsize::new(0);

fn begin(value: usize) -> (usize, *mut c_void) {
    VALUE.store(value, SeqCst);
    ledger::begin_set(Name::Key, value, || keys::get(Name::Key));
    (keys::handle(Name::Key).raw() as usize, ledger::pointer(value))
}

fn check(run: &Run<'_>) -> usize {
    let succeeded = run.result == 0;
    ledger::end_set(Name::Key, VALUE.load(SeqCst), succeeded, || keys::get(Name::Key));
    if run.was_deleted(Name::Key) {
        assert!(succeeded || run.result == Error::DeletedKey as usize, "set gave {:#x}", run.result);
    } else {
        assert_eq!(succeeded, keys::is_live(Name::Key), "set gave {:#x}", run.result);
    }
    run.result
}
