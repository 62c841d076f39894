//! Thread exit: which destructors run, on which values, how often.

use core::ffi::c_void;

use tsd::{Destructor, ExitFlags, Key, KeyTable, Slots};

use crate::{KeyCell, Log, Platform, Start, in_threads, local::exit_table, value};

static TABLE: KeyTable<64> = KeyTable::new();
static SLOTS: Slots<64> = Slots::new();
static KEYS: [KeyCell; 64] = [const { KeyCell::new() }; 64];
/// The values that destructors got.
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

/// Sets the value of the key number `key` of this file.
fn set(key: usize, number: usize) {
    // SAFETY: every destructor in this file takes any number; cases run one after another.
    unsafe { TABLE.set(&SLOTS, KEYS[key].get(), value(number)) }.unwrap();
}

fn get(key: usize) -> *mut c_void {
    TABLE.get(&SLOTS, KEYS[key].get())
}

/// Calls `case` with as many keys as there are destructors; they have the indexes 0, 1, …
fn with_keys(destructors: &[Option<Destructor>], case: impl FnOnce()) {
    CALLS.clear();
    for (cell, &destructor) in KEYS.iter().zip(destructors) {
        cell.put(TABLE.create(destructor).unwrap());
    }
    case();
    for cell in &KEYS[..destructors.len()] {
        TABLE.delete(cell.get()).unwrap();
    }
    assert_eq!(TABLE.in_use(), 0);
    assert_eq!(TABLE.values(&SLOTS).count(), 0);
}

/// The value is NULL inside its own destructor, which gets it as its argument.
pub(super) fn value_is_null_in_its_destructor<P: Platform>() {
    static KEY: KeyCell = KeyCell::new();
    unsafe extern "C-unwind" fn destructor<P: Platform>(value: *mut c_void) {
        assert!(P::space().get(KEY.get()).is_null());
        CALLS.add(value.addr());
    }

    CALLS.clear();
    KEY.put(P::space().create(Some(destructor::<P>)).unwrap());
    in_threads::<P, _>(1, Start::default(), |_| {
        // SAFETY: the destructor does not follow the pointer.
        unsafe { P::space().set(KEY.get(), value(1234)) }.unwrap();
    });
    CALLS.expect(&[1234]);
    P::space().delete(KEY.get()).unwrap();
}

/// Inside a destructor, the values that were not yet handed over can be read, and those that were read NULL.
pub(super) fn other_values_can_be_read<P: Platform>() {
    unsafe extern "C-unwind" fn destructor(value: *mut c_void) {
        log_call(value);
        for key in 0..8 {
            let done = CALLS.count(key + 1) != 0;
            assert_eq!(get(key).addr(), if done { 0 } else { key + 1 });
        }
    }
    fn log_call(value: *mut c_void) {
        CALLS.add(value.addr());
    }

    with_keys(&[Some(destructor as Destructor); 8], || {
        (0..8).for_each(|key| set(key, key + 1));
        assert_eq!(exit_table(&TABLE, &SLOTS).calls, 8);
        assert!((1..=8).all(|number| CALLS.count(number) == 1));
    });
}

/// NULL values and keys without a destructor cause no call, and no left-over.
pub(super) fn only_values_with_destructors_are_called<P: Platform>() {
    with_keys(&[None, Some(log), Some(log), None, Some(log)], || {
        set(0, 1);
        set(1, 2);
        set(2, 3);
        set(2, 0);
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.calls, report.rounds, report.left_over), (1, 1, 0));
        CALLS.expect(&[2]);
        assert!(get(0).is_null());
    });
}

/// An exit of a thread that set nothing does nothing.
pub(super) fn nothing_set_nothing_called<P: Platform>() {
    with_keys(&[Some(log), Some(log)], || {
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.calls, report.rounds, report.left_over, report.flags), (0, 0, 0, ExitFlags::empty()));
        assert!(CALLS.is_empty());
    });
}

/// Rounds are rounds and not calls: fifty keys all run in the first.
pub(super) fn fifty_keys_run_in_one_round<P: Platform>() {
    with_keys(&[Some(log as Destructor); 50], || {
        (0..50).for_each(|key| set(key, key + 1));
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.calls, report.rounds, report.left_over), (50, 1, 0));
        assert!((1..=50).all(|number| CALLS.count(number) == 1));
    });
}

/// A key that is set again in its destructor, once, is run again, in the next round.
pub(super) fn second_round_runs_what_the_first_set<P: Platform>() {
    unsafe extern "C-unwind" fn destructor(value: *mut c_void) {
        CALLS.add(value.addr());
        if value.addr() == 1 {
            set(0, 2);
        }
    }

    with_keys(&[Some(destructor), Some(log), Some(log)], || {
        set(0, 1);
        set(1, 11);
        set(2, 12);
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.calls, report.rounds, report.left_over), (4, 2, 0));
        // A runtime that sets its key again in round 1 is called after everybody's round 1.
        CALLS.expect(&[1, 11, 12, 2]);
    });
}

/// A destructor that always sets its key again runs exactly R times, for each R; then the value is left over.
pub(super) fn destructor_that_resets_runs_r_times<P: Platform>() {
    const ROUNDS: [u32; 5] = [0, 1, 2, tsd::DEFAULT_ROUNDS, 9];
    static TABLES: [KeyTable<8>; 5] = [
        KeyTable::new().with_rounds(ROUNDS[0]),
        KeyTable::new().with_rounds(ROUNDS[1]),
        KeyTable::new().with_rounds(ROUNDS[2]),
        KeyTable::new(),
        KeyTable::new().with_rounds(ROUNDS[4]),
    ];
    static SLOTS: [Slots<8>; 5] = [const { Slots::new() }; 5];
    static KEYS: [KeyCell; 5] = [const { KeyCell::new() }; 5];
    unsafe extern "C-unwind" fn destructor(value: *mut c_void) {
        CALLS.add(value.addr());
        // SAFETY: this destructor takes the number of a table.
        unsafe { TABLES[value.addr() - 1].set(&SLOTS[value.addr() - 1], KEYS[value.addr() - 1].get(), value) }.unwrap();
    }

    CALLS.clear();
    for (table, rounds) in ROUNDS.into_iter().enumerate() {
        let key = TABLES[table].create(Some(destructor)).unwrap();
        KEYS[table].put(key);
        // SAFETY: as above.
        unsafe { TABLES[table].set(&SLOTS[table], key, value(table + 1)) }.unwrap();
        let report = exit_table(&TABLES[table], &SLOTS[table]);
        assert_eq!(CALLS.count(table + 1), rounds as usize);
        assert_eq!((report.calls, report.rounds, report.left_over), (rounds, rounds, 1));
        assert_eq!(report.left_over_keys, [key]);
        assert_eq!(report.flags, ExitFlags::LEFT_OVER);
        TABLES[table].delete(key).unwrap();
    }
}

/// A destructor sets a key that had its turn and one that comes later: each runs again in its turn.
pub(super) fn earlier_and_later_keys_set_in_a_destructor<P: Platform>() {
    unsafe extern "C-unwind" fn middle(value: *mut c_void) {
        CALLS.add(value.addr());
        set(0, 10);
        set(2, 12);
    }

    with_keys(&[Some(log), Some(middle), Some(log)], || {
        set(0, 1);
        set(1, 2);
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.rounds, report.left_over), (2, 0));
        assert_eq!(CALLS.len(), 4);
        assert!([1, 2, 10, 12].iter().all(|&number| CALLS.count(number) == 1));
    });
}

/// Two keys that set each other end after R rounds.
pub(super) fn two_keys_that_set_each_other_end<P: Platform>() {
    unsafe extern "C-unwind" fn first(value: *mut c_void) {
        CALLS.add(value.addr());
        set(1, 2);
    }
    unsafe extern "C-unwind" fn second(value: *mut c_void) {
        CALLS.add(value.addr());
        set(0, 1);
    }

    with_keys(&[Some(first), Some(second)], || {
        set(0, 1);
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!(report.rounds, tsd::DEFAULT_ROUNDS);
        assert_eq!(report.left_over, 1);
        assert!(CALLS.count(1) <= tsd::DEFAULT_ROUNDS as usize && CALLS.count(2) <= tsd::DEFAULT_ROUNDS as usize);
    });
}

/// Values are taken one by one in place: what a destructor changes of a later key's value is what that key's
/// destructor gets, and what it clears gets none.
pub(super) fn values_are_taken_one_by_one<P: Platform>() {
    unsafe extern "C-unwind" fn first(value: *mut c_void) {
        CALLS.add(value.addr());
        // Whichever comes first does it for all.
        if CALLS.len() == 1 {
            for key in 0..4 {
                match get(key).addr() {
                    0 => {}
                    number if number % 2 == 1 => set(key, number + 100),
                    _ => set(key, 0),
                }
            }
        }
    }

    with_keys(&[Some(first as Destructor); 4], || {
        (0..4).for_each(|key| set(key, key + 1));
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.rounds, report.left_over), (1, 0));
        // Key 0 has the first turn: its value was 1; then 3 became 103, and 2 and 4 are gone.
        CALLS.expect(&[1, 103]);
    });
}

/// What is left over is counted and named, at most the first few; then the slots are as new.
pub(super) fn left_over_values_are_reported_and_cleared<P: Platform>() {
    unsafe extern "C-unwind" fn again(value: *mut c_void) {
        CALLS.add(value.addr());
        set(value.addr() - 1, value.addr());
    }

    with_keys(&[Some(again as Destructor); 20], || {
        for keys in [1, tsd::LEFT_OVER_KEYS, 20] {
            CALLS.clear();
            (0..keys).for_each(|key| set(key, key + 1));
            let report = exit_table(&TABLE, &SLOTS);
            assert_eq!(report.left_over as usize, keys);
            assert_eq!(report.calls, report.rounds * keys as u32);
            assert_eq!(report.left_over_keys.len(), keys.min(tsd::LEFT_OVER_KEYS));
            assert!(report.left_over_keys.iter().all(|key| KEYS[..keys].iter().any(|cell| cell.get() == *key)));
            assert!((0..keys).all(|key| get(key).is_null()));
            assert_eq!(exit_table(&TABLE, &SLOTS).calls, 0);
        }
    });
}

/// After its exit, slots serve the next thread at once, with the same keys.
pub(super) fn slots_serve_the_next_thread<P: Platform>() {
    with_keys(&[Some(log), None], || {
        for thread in 1..=100 {
            CALLS.clear();
            assert!(get(0).is_null() && get(1).is_null());
            set(0, thread);
            set(1, thread + 1000);
            assert_eq!(exit_table(&TABLE, &SLOTS).calls, 1);
            CALLS.expect(&[thread]);
        }
    });
}

/// Wherever in the largest table the keys are, exit finds every value, and only once.
pub(super) fn every_index_of_a_large_table_is_visited<P: Platform>() {
    static TABLE: KeyTable<4096> = KeyTable::new();
    static SLOTS: Slots<4096> = Slots::new();
    const SET: [usize; 10] = [0, 1, 62, 63, 64, 1023, 2047, 2048, 4032, 4095];
    static KEYS: [KeyCell; 4096] = [const { KeyCell::new() }; 4096];

    CALLS.clear();
    for cell in &KEYS {
        cell.put(TABLE.create(Some(log)).unwrap());
    }
    for index in SET {
        // SAFETY: the destructor only logs the value.
        unsafe { TABLE.set(&SLOTS, KEYS[index].get(), value(index + 1)) }.unwrap();
    }
    assert_eq!(exit_table(&TABLE, &SLOTS).calls as usize, SET.len());
    CALLS.expect(&SET.map(|index| index + 1));
    for cell in &KEYS {
        TABLE.delete(cell.get()).unwrap();
    }
}

/// A table's exit called in a destructor does nothing and says so; the one under way is complete nevertheless.
pub(super) fn exit_in_a_destructor_does_nothing<P: Platform>() {
    unsafe extern "C-unwind" fn destructor(value: *mut c_void) {
        CALLS.add(value.addr());
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.flags, report.calls), (ExitFlags::ALREADY_EXITING, 0));
    }

    with_keys(&[Some(destructor), Some(log)], || {
        set(0, 1);
        set(1, 2);
        let report = exit_table(&TABLE, &SLOTS);
        assert_eq!((report.flags, report.calls, report.rounds), (ExitFlags::empty(), 2, 1));
        CALLS.expect(&[1, 2]);
    });
}

/// All the values of a whole table run, at each capacity.
pub(super) fn full_tables_run_all_destructors<P: Platform>() {
    fn check<const N: usize>()
    where
        tsd::Capacity<N>: tsd::Supported,
    {
        CALLS.clear();
        let table = KeyTable::<N>::new();
        let slots = Slots::<N>::new();
        let mut keys = [Key::default(); N];
        for (number, key) in keys.iter_mut().enumerate() {
            *key = table.create(Some(log)).unwrap();
            // SAFETY: the destructor only logs the value.
            unsafe { table.set(&slots, *key, value(number + 1)) }.unwrap();
        }
        let report = exit_table(&table, &slots);
        assert_eq!((report.calls as usize, report.rounds), (N, 1));
        assert!((1..=N).all(|number| CALLS.count(number) == 1));
        assert!(keys.iter().all(|&key| table.get(&slots, key).is_null()));
    }
    check::<1>();
    check::<3>();
    check::<8>();
    check::<64>();
    check::<128>();
    check::<192>();
}
