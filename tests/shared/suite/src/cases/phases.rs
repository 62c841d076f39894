//! The last phase: after every ordinary key's rounds, for allocators and language runtimes.

use core::ffi::c_void;

use tsd::{Destructor, KeyFlags, KeyOptions, KeyTable, Slots};

use crate::{KeyCell, Log, Platform, local::exit_table, value};

static TABLE: KeyTable<8> = KeyTable::new();
static SLOTS: Slots<8> = Slots::new();
static KEYS: [KeyCell; 3] = [const { KeyCell::new() }; 3];
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

fn set(key: usize, number: usize) {
    // SAFETY: every destructor in this file takes any number; cases run one after another.
    unsafe { TABLE.set(&SLOTS, KEYS[key].get(), value(number)) }.unwrap();
}

fn get(key: usize) -> usize {
    TABLE.get(&SLOTS, KEYS[key].get()).addr()
}

/// Calls `case` with keys 0, 1, …; a destructor with `true` is of the last phase.
fn with_keys(destructors: &[(Destructor, bool)], case: impl FnOnce()) {
    CALLS.clear();
    for (cell, &(destructor, last_phase)) in KEYS.iter().zip(destructors) {
        let options = KeyOptions::new().destructor(destructor);
        cell.put(TABLE.create_with(if last_phase { options.last_phase() } else { options }).unwrap());
    }
    case();
    for cell in &KEYS[..destructors.len()] {
        TABLE.delete(cell.get()).unwrap();
    }
    assert_eq!(TABLE.in_use(), 0);
}

/// Last-phase keys run after all ordinary rounds, wherever their indexes are.
pub(super) fn last_phase_runs_after_all_ordinary_rounds<P: Platform>() {
    unsafe extern "C-unwind" fn again(value: *mut c_void) {
        CALLS.add(value.addr());
        // The last-phase value is there as long as an ordinary destructor runs.
        assert_eq!(get(0), 100);
        if value.addr() < 3 {
            set(1, value.addr() + 1);
        }
    }

    with_keys(&[(log, true), (again, false), (log, false)], || {
        set(0, 100);
        set(1, 1);
        set(2, 50);
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.rounds, report.last_phase_rounds, report.calls, report.left_over), (3, 1, 5, 0));
        CALLS.expect(&[1, 50, 2, 3, 100]);
    });
}

/// A last-phase value that an ordinary destructor sets in the last round is destroyed, once.
pub(super) fn last_phase_value_set_late_is_destroyed<P: Platform>() {
    unsafe extern "C-unwind" fn late(value: *mut c_void) {
        CALLS.add(value.addr());
        if value.addr() < tsd::DEFAULT_ROUNDS as usize {
            set(1, value.addr() + 1);
        } else {
            set(0, 100);
        }
    }

    with_keys(&[(log, true), (late, false)], || {
        set(1, 1);
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.rounds, report.last_phase_rounds, report.left_over), (tsd::DEFAULT_ROUNDS, 1, 0));
        assert_eq!(CALLS.count(100), 1);
    });
}

/// Last-phase keys have R rounds of their own, after ordinary ones have used up theirs.
pub(super) fn last_phase_has_rounds_of_its_own<P: Platform>() {
    unsafe extern "C-unwind" fn ordinary(value: *mut c_void) {
        CALLS.add(value.addr());
        set(1, 1);
    }
    unsafe extern "C-unwind" fn last(value: *mut c_void) {
        CALLS.add(value.addr());
        set(0, 100);
    }

    with_keys(&[(last, true), (ordinary, false)], || {
        set(0, 100);
        set(1, 1);
        let report = exit_table(&TABLE, &SLOTS);
        let rounds = tsd::DEFAULT_ROUNDS;
        assert_eq!((report.rounds, report.last_phase_rounds), (rounds, rounds));
        assert_eq!((CALLS.count(1), CALLS.count(100)), (rounds as usize, rounds as usize));
        assert_eq!(report.left_over, 2);
        assert_eq!((get(0), get(1)), (0, 0));
    });
}

/// An ordinary value that a last-phase destructor sets comes too late: it is reported, and gets no call.
pub(super) fn ordinary_value_set_in_the_last_phase_is_left_over<P: Platform>() {
    unsafe extern "C-unwind" fn last(value: *mut c_void) {
        CALLS.add(value.addr());
        set(1, 1);
    }

    with_keys(&[(last, true), (log, false)], || {
        set(0, 100);
        let report = exit_table(&TABLE, &SLOTS);
        CALLS.expect(&[100]);
        assert_eq!(report.left_over, 1);
        assert_eq!(report.left_over_keys, [KEYS[1].get()]);
        assert_eq!(get(1), 0);
    });
}

/// The phase belongs to the key and not to its index: it changes where a key is created anew.
pub(super) fn phase_goes_with_the_key<P: Platform>() {
    let table = KeyTable::<1>::new();
    let slots = Slots::<1>::new();
    for last_phase in [true, false, true, true, false] {
        let options = KeyOptions::new().destructor(log);
        let key = table.create_with(if last_phase { options.last_phase() } else { options }).unwrap();
        assert_eq!(table.keys().next().unwrap().flags.contains(KeyFlags::LAST_PHASE), last_phase);
        CALLS.clear();
        // SAFETY: the destructor only logs the value.
        unsafe { table.set(&slots, key, value(1)) }.unwrap();
        let report = exit_table(&table, &slots);
        assert_eq!((report.rounds, report.last_phase_rounds), if last_phase { (0, 1) } else { (1, 0) });
        table.delete(key).unwrap();
    }
}
