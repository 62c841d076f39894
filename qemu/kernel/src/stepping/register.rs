//! `at_thread_exit`: whoever finds a place is called, once; the list loses nothing.

use core::{ffi::c_void, ptr};

use tsd::Error;

use super::{
    action::{self, Action},
    functions,
    keys::Name,
    routine::{Routine, Run},
    state::{State, Step},
};
use crate::port::EXIT_FUNCTIONS;

pub(super) static ROUTINE: Routine = Routine {
    name: "at_thread_exit",
    states: &STATES,
    actions: &[
        Action::Get,
        Action::Set(Name::Key),
        Action::Set(Name::Other),
        Action::Register,
        Action::Exit,
        Action::Delete(Name::Key),
        Action::DeleteCreate(Name::Key),
        Action::DeleteCreateSet(Name::Key),
    ],
    begin: || (functions::OF_CALL, ptr::null_mut()),
    check,
    is_exit: false,
};

static STATES: [State; 5] = {
    use Name::{Key, Other};
    use Step::{Create, Recreate, Register, Set};
    [
        State::new("empty list", register, &[Create(Key), Create(Other), Set(Key)]),
        State::new("two registered", register, &[Create(Key), Create(Other), Set(Key), Register(2)]),
        State::new(
            "one registered, stale slot",
            register,
            &[Create(Key), Create(Other), Set(Key), Recreate(Key), Register(1)],
        ),
        State::new("one place left", register, &[Create(Key), Create(Other), Register(EXIT_FUNCTIONS - 1)]),
        State::new("full list", register, &[Create(Key), Create(Other), Set(Key), Register(EXIT_FUNCTIONS)]),
    ]
};

extern "C" fn register(number: usize, _: *mut c_void) -> usize {
    action::code(&functions::register(number))
}

fn check(run: &Run<'_>) -> usize {
    let succeeded = run.result == 0;
    assert!(succeeded || run.result == Error::ListFull as usize, "at_thread_exit gave {:#x}", run.result);
    let is_registering = run.action == Some(Action::Register);
    let by_handler = is_registering && action::result() == 0;
    let wanted = 1 + usize::from(is_registering);
    assert_eq!(usize::from(succeeded) + usize::from(by_handler), functions::free().min(wanted), "registrations");
    let result = if succeeded { Ok(()) } else { Err(Error::ListFull) };
    // What came of it was asserted.
    let _ = functions::registered(functions::OF_CALL, result);
    run.result
}
