//! Thread exit: rounds, phases and functions.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
};

use cortex_m::peripheral::SYST;
use tsd::{DEFAULT_ROUNDS, Error, ExitFlags, Key, KeyOptions};

use crate::kernel::{EXIT_FUNCTIONS, SPACE, as_value, exit, get, set};

/// The key whose value a destructor stores again.
static AGAIN: AtomicU32 = AtomicU32::new(0);
/// The values that were destroyed, the last one as the lowest digit.
static ORDER: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C-unwind" fn store_again(value: *mut c_void) {
    let key = Key::from_raw(AGAIN.load(SeqCst));
    assert_eq!(get(key), 0);
    if value.addr() > 1 {
        set(key, value.addr() - 1).unwrap();
    }
}

unsafe extern "C-unwind" fn note(value: *mut c_void) {
    ORDER.store(ORDER.load(SeqCst) * 10 + value.addr(), SeqCst);
}

/// A destructor that stores a value again gets it in the next round, until the rounds are used up.
pub(super) fn rounds(_: &mut SYST) {
    let key = SPACE.create(Some(store_again)).unwrap();
    AGAIN.store(key.raw(), SeqCst);
    set(key, 3).unwrap();
    let report = exit();
    assert_eq!((report.rounds, report.calls, report.left_over), (3, 3, 0));
    assert!(report.flags.is_empty());

    set(key, 100).unwrap();
    let report = exit();
    assert_eq!((report.rounds, report.calls, report.left_over), (DEFAULT_ROUNDS, DEFAULT_ROUNDS, 1));
    assert_eq!((report.flags, &*report.left_over_keys), (ExitFlags::LEFT_OVER, &[key][..]));
    assert_eq!(get(key), 0);
    SPACE.delete(key).unwrap();
}

pub(super) fn phases(_: &mut SYST) {
    let last = SPACE.create_with(KeyOptions::new().destructor(note).last_phase()).unwrap();
    let ordinary = SPACE.create(Some(note)).unwrap();
    set(last, 2).unwrap();
    set(ordinary, 1).unwrap();
    ORDER.store(0, SeqCst);
    let report = exit();
    assert_eq!((report.rounds, report.last_phase_rounds, report.calls), (1, 1, 2));
    assert_eq!(ORDER.load(SeqCst), 12);
    for key in [last, ordinary] {
        SPACE.delete(key).unwrap();
    }
}

/// They run before the keys' destructors, the last registered first.
pub(super) fn functions(_: &mut SYST) {
    let key = SPACE.create(Some(note)).unwrap();
    set(key, 3).unwrap();
    for number in [2, 1] {
        // SAFETY: it takes any number.
        unsafe { SPACE.at_thread_exit(note, as_value(number)).unwrap() };
    }
    ORDER.store(0, SeqCst);
    let report = exit();
    assert_eq!((report.functions, report.calls, ORDER.load(SeqCst)), (2, 1, 123));
    SPACE.delete(key).unwrap();
}

pub(super) fn functions_without_room(_: &mut SYST) {
    // SAFETY: it takes any number.
    let push = || unsafe { SPACE.at_thread_exit(note, as_value(1)) };
    (0..EXIT_FUNCTIONS).for_each(|_| push().unwrap());
    assert_eq!(push(), Err(Error::ListFull));
    let report = exit();
    assert_eq!((report.functions as usize, report.functions_refused), (EXIT_FUNCTIONS, 1));
    assert_eq!(report.flags, ExitFlags::FUNCTIONS_REFUSED);
}

pub(super) fn nothing_to_do(_: &mut SYST) {
    let report = exit();
    assert_eq!((report.calls, report.functions, report.rounds), (0, 0, 0));
    assert!(report.flags.is_empty());
}
