//! Keys that exist before anything runs.

use core::ffi::c_void;

use tsd::{Error, Key, KeyFlags, KeyOptions, KeyTable, Slots, StaticKey};

use crate::{KeyCell, Log, Platform, local::exit_table, value};

static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

const ERRNO: StaticKey = StaticKey::new(0, KeyOptions::new().name("errno"));
const LOCALE: StaticKey = StaticKey::new(1, KeyOptions::new().name("locale").destructor(log));
const ARENA: StaticKey = StaticKey::new(2, KeyOptions::new().name("arena").destructor(log).last_phase());
const ALL: [StaticKey; 3] = [ERRNO, LOCALE, ARENA];

fn table() -> KeyTable<8> {
    KeyTable::new().with_static_keys(&ALL)
}

/// A static key is set and read by itself and by its handle alike.
pub(super) fn handle_and_static_key_are_one<P: Platform>() {
    let table = table();
    let slots = Slots::<8>::new();
    for (number, key) in ALL.iter().enumerate() {
        assert!(key.get(&slots).is_null());
        assert!(table.get(&slots, key.key()).is_null());
        // SAFETY: the destructors take any number.
        unsafe { key.set(&slots, value(10 + number)) };
        assert_eq!(table.get(&slots, key.key()), value(10 + number));
        // SAFETY: as above.
        unsafe { table.set(&slots, key.key(), value(20 + number)) }.unwrap();
        assert_eq!(key.get(&slots), value(20 + number));
        // SAFETY: as above.
        unsafe { key.set(&slots, core::ptr::null_mut()) };
        assert!(key.get(&slots).is_null());
        assert!(table.get(&slots, key.key()).is_null());
    }
}

/// A number that no table has makes no other key's handle.
pub(super) fn a_number_beyond_every_table_is_no_key<P: Platform>() {
    for number in [4096, 1 << 20, usize::MAX / 2, usize::MAX] {
        assert_eq!(StaticKey::new(number, KeyOptions::new()).key(), Key::default(), "{number}");
    }
}

/// A static key lives as long as its table.
pub(super) fn static_key_is_never_deleted<P: Platform>() {
    let table = table();
    for key in ALL {
        assert_eq!(table.delete(key.key()), Err(Error::StaticKey));
    }
    assert_eq!(Error::StaticKey.errno(), tsd::errno::EINVAL);
    assert_eq!(table.in_use(), 3);
    assert_eq!(table.high_water(), 3);
}

/// Run-time keys get the other indexes, all of them and none more.
pub(super) fn run_time_keys_have_the_other_indexes<P: Platform>() {
    let table = table();
    let slots = Slots::<8>::new();
    // SAFETY: ERRNO has no destructor.
    unsafe { ERRNO.set(&slots, value(5)) };
    for _ in 0..3 {
        let keys = [(); 5].map(|()| table.create(None).unwrap());
        assert_eq!(table.create(None), Err(Error::TableFull));
        for (number, &key) in keys.iter().enumerate() {
            assert!(ALL.iter().all(|fixed| fixed.key() != key));
            // SAFETY: the key has no destructor.
            unsafe { table.set(&slots, key, value(100 + number)) }.unwrap();
        }
        assert_eq!(ERRNO.get(&slots), value(5));
        for key in keys {
            table.delete(key).unwrap();
        }
    }
    assert_eq!((table.in_use(), table.high_water()), (3, 8));
    // Where the bits of indexes are in several words, those of static keys are in the first.
    let large = KeyTable::<128>::new().with_static_keys(&ALL);
    for number in 3..128 {
        assert_eq!(tsd::raw::index::<128>(large.create(None).unwrap()), number);
    }
    assert_eq!(large.create(None), Err(Error::TableFull));
    // A table may also have nothing but static keys.
    let full = KeyTable::<3>::new().with_static_keys(&ALL);
    assert_eq!(full.create(None), Err(Error::TableFull));
}

/// Thread exit runs their destructors, each in its phase, and clears them.
pub(super) fn static_keys_are_destroyed_at_exit<P: Platform>() {
    CALLS.clear();
    let table = table();
    let slots = Slots::<8>::new();
    for thread in [1, 2] {
        // SAFETY: the destructors take any number.
        unsafe {
            ARENA.set(&slots, value(thread * 10 + 3));
            LOCALE.set(&slots, value(thread * 10 + 2));
            ERRNO.set(&slots, value(thread * 10 + 1));
        }
        let report = exit_table(&table, &slots);
        assert_eq!((report.calls, report.rounds, report.last_phase_rounds), (2, 1, 1));
        assert!(ALL.iter().all(|key| key.get(&slots).is_null()));
    }
    CALLS.expect(&[12, 13, 22, 23]);
}

/// A static key reads NULL in its destructor, as a run-time key beside it does; and is destroyed again if set there.
pub(super) fn static_value_is_null_in_its_destructor<P: Platform>() {
    static TABLE: KeyTable<8> = KeyTable::new().with_static_keys(&[FIRST, SECOND]);
    static SLOTS: Slots<8> = Slots::new();
    static KEY: KeyCell = KeyCell::new();
    const FIRST: StaticKey = StaticKey::new(0, KeyOptions::new().destructor(first));
    const SECOND: StaticKey = StaticKey::new(1, KeyOptions::new().destructor(second));
    unsafe extern "C-unwind" fn first(number: *mut c_void) {
        assert!(FIRST.get(&SLOTS).is_null());
        CALLS.add(number.addr());
        if number == value(1) {
            // SAFETY: the destructor takes any number.
            unsafe { FIRST.set(&SLOTS, value(11)) };
        }
    }
    unsafe extern "C-unwind" fn second(number: *mut c_void) {
        assert!(SECOND.get(&SLOTS).is_null());
        assert_eq!(TABLE.get(&SLOTS, KEY.get()), value(3));
        CALLS.add(number.addr());
    }
    unsafe extern "C-unwind" fn third(number: *mut c_void) {
        assert!(TABLE.get(&SLOTS, KEY.get()).is_null());
        CALLS.add(number.addr());
    }

    CALLS.clear();
    KEY.put(TABLE.create(Some(third)).unwrap());
    // SAFETY: the destructors take any number.
    unsafe {
        FIRST.set(&SLOTS, value(1));
        SECOND.set(&SLOTS, value(2));
        TABLE.set(&SLOTS, KEY.get(), value(3)).unwrap();
    }
    let report = exit_table(&TABLE, &SLOTS);
    assert_eq!((report.calls, report.rounds, report.last_phase_rounds), (4, 2, 0));
    CALLS.expect(&[1, 2, 3, 11]);
    TABLE.delete(KEY.get()).unwrap();
}

/// They are listed with their names and kinds.
pub(super) fn static_keys_are_listed<P: Platform>() {
    let table = table();
    let mut listed = table.keys();
    for (key, name) in ALL.iter().zip(["errno", "locale", "arena"]) {
        let info = listed.next().unwrap();
        assert_eq!((info.key, info.name), (key.key(), name));
        assert!(info.flags.contains(KeyFlags::STATIC));
        assert_eq!(info.flags.contains(KeyFlags::LAST_PHASE), name == "arena");
        assert_eq!(info.flags.contains(KeyFlags::HAS_DESTRUCTOR), name != "errno");
    }
    assert!(listed.next().is_none());
}

/// A table whose run-time keys begin at a later generation has the same static keys.
pub(super) fn static_keys_do_not_depend_on_the_first_generation<P: Platform>() {
    let table = KeyTable::<8>::new().with_generation(77).with_static_keys(&ALL);
    let slots = Slots::<8>::new();
    // SAFETY: ERRNO has no destructor.
    unsafe { ERRNO.set(&slots, value(5)) };
    assert_eq!(table.get(&slots, ERRNO.key()), value(5));
    let key = table.create(None).unwrap();
    assert_eq!(self::table().delete(key), Err(Error::InvalidKey));
}
