//! `set`: done as a whole, whatever comes between; an error only for a key that is dead.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use tsd::{Error, Key};

use super::{
    action::{self, Action, CHANGE, DELETE, END, READ_AND_SET},
    keys, ledger,
    name::{self, Name},
    routine::{Routine, Run},
    space::SPACE,
    state::{State, Step, slot},
};

pub(super) static ROUTINE: Routine =
    Routine::new("set", &STATES, ACTIONS, || begin(ledger::fresh()), check).with_pairs();

pub(super) static CLEAR: Routine = Routine::new("set-null", &CLEAR_STATES, ACTIONS, || begin(0), check).with_pairs();

/// To delete the key, create one at its index and set that is what a handler must not do here.
const ACTIONS: &[&[Action]] = &[READ_AND_SET, CHANGE, END, DELETE];

static STATES: [State; 8] = {
    use Name::{Key, Other};
    use Step::{Create, Fill, Set};
    [
        State::new("fresh slot, first value of the thread", set, &[Create(Key), Create(Other)]),
        State::new("fresh slot", set, &[Create(Key), Create(Other), Set(Other)]),
        State::new("fresh slot, another word of bits in use", set, &[Create(Key), Fill(64), Create(Other), Set(Other)]),
        State::of(set, slot::SET),
        State::of(set, slot::SET_TO_NULL),
        State::of(set, slot::STALE),
        State::of(set, slot::REUSED),
        State::of(set, slot::DELETED),
    ]
};

static CLEAR_STATES: [State; 4] = [
    State::of(set, slot::FRESH),
    State::of(set, slot::SET),
    State::of(set, slot::STALE),
    State::of(set, slot::DELETED),
];

extern "C" fn set(key: usize, value: *mut c_void) -> usize {
    // SAFETY: The destructors only look at the number.
    action::code(&unsafe { SPACE.set(Key::from_raw(key as u32), value) })
}

/// The value that the call is given.
static VALUE: AtomicUsize = AtomicUsize::new(0);

fn begin(value: usize) -> (usize, *mut c_void) {
    VALUE.store(value, SeqCst);
    ledger::begin_set(Name::Key, value, || keys::get(Name::Key));
    (name::handle(Name::Key).raw() as usize, ledger::pointer(value))
}

fn check(run: &Run<'_>) -> usize {
    let succeeded = run.result == 0;
    ledger::end_set(Name::Key, VALUE.load(SeqCst), succeeded, || keys::get(Name::Key));
    if run.was_deleted(Name::Key) {
        assert!(succeeded || run.result == Error::DeletedKey as usize, "set gave {:#x}", run.result);
    } else {
        assert_eq!(succeeded, name::is_live(Name::Key), "set gave {:#x}", run.result);
    }
    run.result
}
