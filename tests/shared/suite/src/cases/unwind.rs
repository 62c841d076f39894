//! Destructors, functions and notifications that panic: what is left is consistent, and the thread may exit again.

use core::ffi::c_void;

use tsd::ExitFlags;

use crate::{KeyCell, Log, Platform, Start, in_threads, value};

static KEYS: [KeyCell; 3] = [const { KeyCell::new() }; 3];
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

unsafe extern "C-unwind" fn panics(value: *mut c_void) {
    CALLS.add(value.addr());
    panic!("on purpose");
}

fn exit<P: Platform>(_: usize) {
    let _ = P::exit();
}

fn set<P: Platform>(key: usize, number: usize) {
    // SAFETY: every destructor in this file takes any number.
    unsafe { P::space().set(KEYS[key].get(), value(number)) }.unwrap();
}

/// After a destructor panicked, no exit is under way; a second exit runs the others, and not that one again.
pub(super) fn destructor_that_panics<P: Platform>() {
    CALLS.clear();
    for (cell, destructor) in KEYS.iter().zip([log as tsd::Destructor, panics, log]) {
        cell.put(P::space().create(Some(destructor)).unwrap());
    }
    in_threads::<P, _>(1, Start::default(), |_| {
        (0..3).for_each(|key| set::<P>(key, key + 1));
        assert!(P::panics(exit::<P>, 0));
        CALLS.expect(&[1, 2]);
        assert!(!P::slots().is_exiting());
        assert_eq!(P::slots().current_destructor(), None);
        let left = KEYS.each_ref().map(|key| P::space().get(key.get()).addr());
        assert_eq!(left, [0, 0, 3]);
        // The thread is alive and may go on as it likes.
        set::<P>(0, 4);
        let report = P::exit();
        assert_eq!((report.calls, report.left_over, report.flags), (2, 0, ExitFlags::empty()));
        CALLS.expect(&[1, 2, 4, 3]);
    });
    for key in &KEYS {
        P::space().delete(key.get()).unwrap();
    }
}

/// After a thread-exit function panicked, a second exit runs those that are left and then the destructors.
pub(super) fn exit_function_that_panics<P: Platform>() {
    CALLS.clear();
    KEYS[0].put(P::space().create(Some(log)).unwrap());
    in_threads::<P, _>(1, Start::default(), |_| {
        set::<P>(0, 9);
        for (function, number) in [(log as tsd::ExitFunction, 1), (panics, 2), (log, 3)] {
            // SAFETY: both functions take any number.
            unsafe { P::space().at_thread_exit(function, value(number)) }.unwrap();
        }
        assert!(P::panics(exit::<P>, 0));
        CALLS.expect(&[3, 2]);
        assert!(!P::slots().is_exiting());
        assert_eq!(P::exit().functions, 1);
        CALLS.expect(&[3, 2, 1, 9]);
    });
    P::space().delete(KEYS[0].get()).unwrap();
}
