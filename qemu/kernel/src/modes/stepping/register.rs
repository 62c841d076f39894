//! `at_thread_exit`: whoever finds a free element is called, once; the list loses nothing.

use core::{ffi::c_void, ptr};

use tsd::Error;

use super::{
    action::{self, Action, DELETE, END, READ_AND_SET, RECREATE},
    functions,
    name::Name,
    routine::{Routine, Run},
    state::{State, Step},
};
use crate::core::capacity::EXIT_FUNCTIONS;

pub(super) static ROUTINE: Routine = Routine::new(
    "at_thread_exit",
    &STATES,
    &[READ_AND_SET, &[Action::Register], END, DELETE, RECREATE],
    || (functions::OF_CALL, ptr::null_mut()),
    check,
)
.with_pairs();

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
    let handlers = run.actions.iter().enumerate().filter(|(_, action)| **action == Action::Register);
    let by_handlers = handlers.clone().filter(|&(number, _)| action::result(number) == 0).count();
    let wanted = 1 + handlers.count();
    assert_eq!(usize::from(succeeded) + by_handlers, functions::free().min(wanted), "registrations");
    let result = if succeeded { Ok(()) } else { Err(Error::ListFull) };
    // What came of it was asserted.
    let _ = functions::registered(functions::OF_CALL, result);
    run.result
}
