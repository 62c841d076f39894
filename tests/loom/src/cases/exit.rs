//! Thread exit against what other CPUs do to the keys.

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use std::sync::Arc;

use core::sync::atomic::Ordering::Relaxed;
use tsd::{AtomicU32, Destructor, Key, KeyOptions, KeyTable, Slots};

use crate::check::Outcomes;
use crate::threads::{start, table};

/// A value that counts the calls of the destructor that is meant for it.
struct Counted(Cell<u32>);

impl Counted {
    fn new() -> Self {
        Self(Cell::new(0))
    }

    fn as_value(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }
}

/// The destructor of the key under which values are set here.
unsafe extern "C-unwind" fn right(value: *mut c_void) {
    // SAFETY: each value that is set here is a `Counted` that outlives the exit.
    let calls = unsafe { &(*value.cast::<Counted>()).0 };
    calls.set(calls.get() + 1);
}

/// The destructor of a key under which nothing is set.
unsafe extern "C-unwind" fn wrong(_value: *mut c_void) {
    panic!("a destructor was called with the value of another key");
}

/// Runs the exit of a thread that has a value, while `against` runs on another.
fn exit_against<const N: usize>(outcomes: &Outcomes, against: impl FnOnce(&Arc<KeyTable<N>>, Key))
where
    tsd::Capacity<N>: tsd::Supported,
{
    let table = table::<N>();
    let (slots, counted) = (Slots::new(), Counted::new());
    let key = table.create(Some(right)).unwrap();
    // SAFETY: the destructor takes a `Counted`, and the slots are this thread's.
    unsafe { table.set(&slots, key, counted.as_value()).unwrap() };
    against(&table, key);
    // SAFETY: the values are numbers.
    let report = unsafe { table.exit(&slots) };
    assert_eq!((report.calls, report.left_over), (counted.0.get(), 0));
    assert!(report.calls <= 1);
    outcomes.note(if report.calls == 1 { "called" } else { "not called" });
}

/// A destructor runs or does not when its key is deleted meanwhile.
pub(crate) fn against_delete(outcomes: &Outcomes) {
    exit_against::<1>(outcomes, |table, key| {
        start(table, move |table| table.delete(key).unwrap());
    });
}

/// The key that follows at the index has another destructor: it is not called.
pub(crate) fn against_delete_and_create(outcomes: &Outcomes) {
    replaced(outcomes, KeyOptions::new().destructor(wrong));
}

/// The key that follows has no destructor: nothing is called through NULL.
pub(crate) fn against_a_successor_without_destructor(outcomes: &Outcomes) {
    replaced(outcomes, KeyOptions::new());
}

/// The key that follows is one of the last phase.
pub(crate) fn against_a_successor_of_another_phase(outcomes: &Outcomes) {
    replaced(outcomes, KeyOptions::new().destructor(wrong).last_phase());
}

fn replaced(outcomes: &Outcomes, options: KeyOptions) {
    exit_against::<1>(outcomes, |table, key| {
        start(table, move |table| {
            table.delete(key).unwrap();
            table.create_with(options).unwrap();
        });
    });
}

/// One CPU deletes, another creates: what the creator writes comes after the deletion for a third one too.
pub(crate) fn against_delete_and_create_apart(outcomes: &Outcomes) {
    exit_against::<2>(outcomes, |table, key| {
        start(table, move |table| table.delete(key).unwrap());
        start(table, |table| table.create(Some(wrong)).unwrap());
    });
}

/// A value under a key that came by a relaxed load gets that key's destructor, though the index had another before.
pub(crate) fn runs_the_destructor_of_a_key_by_relaxed_hand_over(outcomes: &Outcomes) {
    let shared = Arc::new((KeyTable::<1>::new(), AtomicU32::new(0)));
    let old = shared.0.create(Some(wrong as Destructor)).unwrap();
    start(&shared, move |(table, key)| {
        table.delete(old).unwrap();
        key.store(table.create(Some(right)).unwrap().raw(), Relaxed);
    });
    let new = Key::from_raw(shared.1.load(Relaxed));
    if new == Key::default() {
        outcomes.note("none yet");
        return;
    }
    let (slots, counted) = (Slots::new(), Counted::new());
    // SAFETY: the destructor takes a `Counted`, and the slots are this thread's.
    unsafe { shared.0.set(&slots, new, counted.as_value()).unwrap() };
    // SAFETY: the values are numbers.
    let report = unsafe { shared.0.exit(&slots) };
    assert_eq!((report.calls, counted.0.get()), (1, 1));
    outcomes.note("called");
}

/// A thread deletes a key that came by a relaxed load and creates the next: the next one's destructor is the later one.
pub(crate) fn runs_the_later_of_two_destructors(outcomes: &Outcomes) {
    let shared = Arc::new((KeyTable::<1>::new(), AtomicU32::new(0)));
    start(&shared, |(table, key)| key.store(table.create(Some(wrong)).unwrap().raw(), Relaxed));
    let old = Key::from_raw(shared.1.load(Relaxed));
    if old == Key::default() {
        outcomes.note("none yet");
        return;
    }
    shared.0.delete(old).unwrap();
    let new = shared.0.create(Some(right)).unwrap();
    let (slots, counted) = (Slots::new(), Counted::new());
    // SAFETY: the destructor takes a `Counted`, and the slots are this thread's.
    unsafe { shared.0.set(&slots, new, counted.as_value()).unwrap() };
    // SAFETY: the values are numbers.
    let report = unsafe { shared.0.exit(&slots) };
    assert_eq!((report.calls, counted.0.get()), (1, 1));
    outcomes.note("called");
}
