//! `once`: one initialiser, complete when it returns, and what it sets is the thread's.

use core::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use tsd::Error;

use super::{
    action::{self, Action, DELETE, READ_AND_SET},
    keys, ledger,
    name::Name,
    routine::{Routine, Run},
    space::SPACE,
    state::{Controls, State, Step},
};

pub(super) static ROUTINE: Routine =
    Routine::new("once", &STATES, &[READ_AND_SET, &[Action::Once], DELETE], begin, check);

fn begin() -> (usize, *mut c_void) {
    RAN.store(0, SeqCst);
    (0, ptr::null_mut())
}

static STATES: [State; 5] = {
    use Name::{Key, Other};
    use Step::{Complete, Create, Recreate, Set};
    [
        State::new("never called", sets, &[Create(Key), Create(Other)]),
        State::new("never called, stale slot", sets, &[Create(Key), Create(Other), Set(Key), Recreate(Key)]),
        State::new("complete", sets, &[Create(Key), Create(Other), Complete]),
        State::new("initialiser in an initialiser", nests, &[Create(Key), Create(Other)]),
        State::new("recursion", recurses, &[Create(Key), Create(Other)]),
    ]
};

/// How many initialisers ran.
static RAN: AtomicUsize = AtomicUsize::new(0);

fn initialise() {
    RAN.store(RAN.load(SeqCst) + 1, SeqCst);
    keys::set(Name::Key, ledger::fresh());
}

extern "C" fn sets(_: usize, _: *mut c_void) -> usize {
    action::code(&SPACE.once(&Controls::current().once, initialise))
}

extern "C" fn nests(_: usize, _: *mut c_void) -> usize {
    let Controls { once, nested, .. } = Controls::current();
    let mut inner = Ok(());
    let outer = SPACE.once(once, || inner = SPACE.once(nested, initialise));
    action::code(&outer.and(inner))
}

extern "C" fn recurses(_: usize, _: *mut c_void) -> usize {
    let Controls { once, .. } = Controls::current();
    let mut inner = Ok(());
    let outer = SPACE.once(once, || {
        initialise();
        inner = SPACE.once(once, || ());
    });
    action::code(&outer.and(inner))
}

fn check(run: &Run<'_>) -> usize {
    let Controls { once, nested, .. } = Controls::current();
    let (was_complete, recursed, nests) = match run.state.name {
        "complete" => (true, false, false),
        "recursion" => (false, true, false),
        "initialiser in an initialiser" => (false, false, true),
        _ => (false, false, false),
    };
    assert_eq!(run.result, if recursed { Error::Recursion as usize } else { 0 }, "once gave {:#x}", run.result);
    assert_eq!(RAN.load(SeqCst), usize::from(!was_complete), "initialisers that ran");
    assert!(once.is_complete() && nested.is_complete() == nests, "once has returned and is not complete");
    assert_eq!(SPACE.once(once, || RAN.store(9, SeqCst)), Ok(()));
    assert_ne!(RAN.load(SeqCst), 9, "it ran again");
    run.result
}
