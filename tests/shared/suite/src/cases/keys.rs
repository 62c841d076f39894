//! Creating and deleting keys: how many there can be, and which numbers are none.

use core::ffi::c_void;
use core::ptr;

use tsd::{Capacity, Destructor, Error, Key, KeyOptions, KeyTable, Slots, StaticKey, Supported};

use crate::{Counter, Line, Platform, Start, in_threads, local::exit_table, value};

/// The zero-initialised key is never valid.
pub(super) fn zero_key<P: Platform>() {
    let space = P::space();
    let zero = Key::default();
    assert!(space.get(zero).is_null());
    // SAFETY: the call is refused.
    assert_eq!(unsafe { space.set(zero, value(1)) }, Err(Error::InvalidKey));
    // SAFETY: as above.
    assert_eq!(unsafe { space.set(zero, ptr::null_mut()) }, Err(Error::InvalidKey));
    assert_eq!(space.delete(zero), Err(Error::InvalidKey));
    assert!(space.get(zero).is_null());
}

/// No number faults, and none but a live key's own touches anything.
pub(super) fn wild_keys<P: Platform>() {
    fn check<const N: usize>()
    where
        Capacity<N>: Supported,
    {
        let table = KeyTable::<N>::new();
        let slots = Slots::<N>::new();
        let key = table.create(None).unwrap();
        // SAFETY: the key has no destructor.
        unsafe { table.set(&slots, key, value(7)) }.unwrap();

        let mut random: u32 = 0x9e37_79b9;
        let wild = (0..4 * N as u32 + 40).chain(u32::MAX - 2048..=u32::MAX).chain((0..4096).map(|_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random
        }));
        for raw in wild.filter(|&raw| raw != key.raw()) {
            let wild = Key::from_raw(raw);
            assert!(table.get(&slots, wild).is_null(), "get {raw:#x}");
            // SAFETY: the call is refused.
            let set = unsafe { table.set(&slots, wild, value(8)) };
            assert_eq!(set.map_err(Error::errno), Err(tsd::errno::EINVAL), "set {raw:#x}");
            assert_eq!(table.delete(wild).map_err(Error::errno), Err(tsd::errno::EINVAL), "delete {raw:#x}");
        }
        assert_eq!(table.get(&slots, key), value(7));
        assert_eq!(table.in_use(), 1);
    }
    check::<1>();
    check::<3>();
    check::<60>();
    check::<64>();
    check::<192>();
}

/// N creates succeed, the next is refused; each key that is deleted makes room for exactly one more.
pub(super) fn n_creates_then_full<P: Platform>() {
    fn check<const N: usize>()
    where
        Capacity<N>: Supported,
    {
        let table = KeyTable::<N>::new();
        let mut keys = [Key::default(); N];
        for key in &mut keys {
            *key = table.create(None).unwrap();
        }
        assert_eq!(table.create(None), Err(Error::TableFull));
        assert_eq!(table.in_use(), N);
        for key in keys {
            table.delete(key).unwrap();
            assert_ne!(table.create(None).unwrap(), key);
            assert_eq!(table.create(None), Err(Error::TableFull));
        }
        assert_eq!(table.high_water(), N);
    }
    check::<1>();
    check::<3>();
    check::<8>();
    check::<64>();
    check::<192>();
}

/// The largest tables hold as many keys as they say, each its own.
pub(super) fn large_tables_hold_n_keys<P: Platform>() {
    fn check<const N: usize>(table: &KeyTable<N>, slots: &Slots<N>, keys: &[crate::KeyCell; N])
    where
        Capacity<N>: Supported,
    {
        for (number, cell) in keys.iter().enumerate() {
            let key = table.create(None).unwrap();
            cell.put(key);
            // SAFETY: the key has no destructor.
            unsafe { table.set(slots, key, value(number + 1)) }.unwrap();
        }
        assert_eq!(table.create(None), Err(Error::TableFull));
        for (number, cell) in keys.iter().enumerate() {
            assert_eq!(table.get(slots, cell.get()), value(number + 1));
            table.delete(cell.get()).unwrap();
        }
        assert_eq!(table.in_use(), 0);
        assert_eq!(table.high_water(), N);
        let _ = exit_table(table, slots);
    }
    static MEDIUM: (KeyTable<1024>, Slots<1024>) = (KeyTable::new(), Slots::new());
    static LARGE: (KeyTable<4096>, Slots<4096>) = (KeyTable::new(), Slots::new());
    static UNEVEN: (KeyTable<4032>, Slots<4032>) = (KeyTable::new(), Slots::new());
    static KEYS: [crate::KeyCell; 4096] = [const { crate::KeyCell::new() }; 4096];

    check(&MEDIUM.0, &MEDIUM.1, KEYS.first_chunk().unwrap());
    check(&UNEVEN.0, &UNEVEN.1, KEYS.first_chunk().unwrap());
    check(&LARGE.0, &LARGE.1, &KEYS);
}

/// The platform's own table is as large as it says.
pub(super) fn platform_table_holds_its_capacity<P: Platform>() {
    let mut keys = [Key::default(); crate::KEYS];
    for key in &mut keys {
        *key = P::space().create(None).unwrap();
    }
    assert_eq!(P::space().create(None), Err(Error::TableFull));
    for key in keys {
        P::space().delete(key).unwrap();
    }
}

/// A full table is EAGAIN, never ENOMEM; a wrong key is EINVAL.
pub(super) fn error_numbers<P: Platform>() {
    let table = KeyTable::<1>::new();
    let slots = Slots::<1>::new();
    let key = table.create(None).unwrap();
    assert_eq!(table.create(None).unwrap_err().errno(), tsd::errno::EAGAIN);
    table.delete(key).unwrap();
    assert_eq!(table.delete(key).unwrap_err().errno(), tsd::errno::EINVAL);
    // SAFETY: the call is refused.
    assert_eq!(unsafe { table.set(&slots, key, value(1)) }.unwrap_err().errno(), tsd::errno::EINVAL);
}

/// The key that is deleted is the one named, and no other.
pub(super) fn delete_takes_the_named_key<P: Platform>() {
    let table = KeyTable::<8>::new();
    let slots = Slots::<8>::new();
    let keys = [(); 8].map(|()| table.create(None).unwrap());
    for (number, &key) in keys.iter().enumerate() {
        // SAFETY: the keys have no destructors.
        unsafe { table.set(&slots, key, value(number + 1)) }.unwrap();
    }
    for deleted in [3, 7, 0] {
        table.delete(keys[deleted]).unwrap();
        assert!(table.get(&slots, keys[deleted]).is_null());
    }
    for (number, &key) in keys.iter().enumerate().filter(|(number, _)| ![3, 7, 0].contains(number)) {
        assert_eq!(table.get(&slots, key), value(number + 1));
    }
    assert_eq!(table.in_use(), 5);
}

/// Deleting twice, or what was never created, is an error that says which, and frees no second index.
pub(super) fn delete_twice<P: Platform>() {
    let table = KeyTable::<3>::new();
    let keys = [(); 3].map(|()| table.create(None).unwrap());
    table.delete(keys[1]).unwrap();
    assert_eq!(table.delete(keys[1]), Err(Error::DeletedKey));
    assert_eq!(table.delete(Key::from_raw(u32::MAX)), Err(Error::InvalidKey));
    assert_eq!(table.in_use(), 2);
    table.create(None).unwrap();
    assert_eq!(table.create(None), Err(Error::TableFull));
}

/// A blind delete of every small number, of -1 and of N, faults on nothing and deletes live keys only.
pub(super) fn blind_deletes<P: Platform>() {
    let table = KeyTable::<64>::new();
    let small = || (0..4096).chain([u32::MAX, 64]).map(Key::from_raw);
    assert!(small().all(|key| table.delete(key).is_err()));
    let keys = [(); 64].map(|()| table.create(None).unwrap());
    let deleted = small().filter(|&key| table.delete(key).is_ok()).count();
    assert_eq!(table.in_use(), 64 - deleted);
    assert_eq!(keys.iter().filter(|&&key| table.delete(key).is_ok()).count(), 64 - deleted);
    assert_eq!(table.in_use(), 0);
}

/// N x 1000 keys come and go; no index is lost, and a key is never one that was live before.
pub(super) fn create_delete_cycles<P: Platform>() {
    fn check<const N: usize>()
    where
        Capacity<N>: Supported,
    {
        let table = KeyTable::<N>::new();
        let mut keys = [Key::default(); N];
        for _ in 0..1000 {
            for key in &mut keys {
                let before = *key;
                *key = table.create(None).unwrap();
                assert_ne!(*key, before);
                assert!(table.delete(before).is_err());
            }
            assert_eq!(table.create(None), Err(Error::TableFull));
            for &key in &keys {
                table.delete(key).unwrap();
            }
        }
        assert_eq!(table.in_use(), 0);
    }
    check::<1>();
    check::<3>();
    check::<64>();
}

/// Of threads that create at once with one index left, exactly one succeeds.
pub(super) fn one_index_left_has_one_winner<P: Platform>() {
    const THREADS: usize = 4;
    let table = KeyTable::<8>::new();
    let line = Line::new();
    let winners = Counter::new();
    let _held = [(); 7].map(|()| table.create(None).unwrap());
    in_threads::<P, _>(THREADS, Start::default(), |_| {
        for round in 1..=100 {
            line.meet::<P>(THREADS);
            let created = table.create(None);
            if created.is_ok() {
                winners.add();
            }
            line.meet::<P>(THREADS);
            assert_eq!(winners.get(), round);
            match created {
                Ok(key) => table.delete(key).unwrap(),
                Err(error) => assert_eq!(error, Error::TableFull),
            }
        }
    });
}

/// No create is refused while an index is free, however many threads create and delete.
pub(super) fn create_is_never_refused_while_an_index_is_free<P: Platform>() {
    const THREADS: usize = 4;
    let table = KeyTable::<THREADS>::new();
    let line = Line::new();
    in_threads::<P, _>(THREADS, Start::default(), |_| {
        line.meet::<P>(THREADS);
        for _ in 0..2000 {
            let key = table.create(None).expect("an index is free for this thread");
            table.delete(key).unwrap();
        }
    });
    assert_eq!(table.in_use(), 0);
}

/// Threads that create at once get different keys.
pub(super) fn concurrent_creates_differ<P: Platform>() {
    const THREADS: usize = 4;
    const EACH: usize = 16;
    let table = KeyTable::<{ THREADS * EACH }>::new();
    let line = Line::new();
    in_threads::<P, _>(THREADS, Start::default(), |_| {
        for _ in 0..30 {
            line.meet::<P>(THREADS);
            let keys = [(); EACH].map(|()| table.create(None).unwrap());
            line.meet::<P>(THREADS);
            assert_eq!(table.in_use(), THREADS * EACH);
            assert_eq!(table.create(None), Err(Error::TableFull));
            line.meet::<P>(THREADS);
            // Had two threads the same key, the second delete would be refused.
            for key in keys {
                table.delete(key).unwrap();
            }
        }
    });
}

/// A purge deletes the keys whose destructors lie in its range, and no others.
pub(super) fn purge_deletes_by_address<P: Platform>() {
    unsafe extern "C-unwind" fn inside(_: *mut c_void) {}
    unsafe extern "C-unwind" fn outside(value: *mut c_void) {
        assert!(value.is_null(), "it is never called, and is another function for this");
    }

    const STATIC: StaticKey = StaticKey::new(0, KeyOptions::new().destructor(inside));
    let table = KeyTable::<8>::new().with_static_keys(&[STATIC]);
    let [first, second] = [Some(inside as Destructor); 2].map(|destructor| table.create(destructor).unwrap());
    let [other, none] = [Some(outside as Destructor), None].map(|destructor| table.create(destructor).unwrap());
    let start = inside as *const ();
    let end = start.wrapping_byte_add(1);
    assert_eq!(table.purge(end..start), 0);
    assert_eq!(table.purge(start..start), 0);
    assert_eq!(table.purge(start..end), 2);
    assert_eq!([first, second, other, none].map(|key| table.is_live(key)), [false, false, true, true]);
    // The whole address space: the one that is left with a destructor.
    assert_eq!(table.purge(ptr::null()..ptr::without_provenance(usize::MAX)), 1);
    assert!(!table.is_live(other));
    assert!(table.is_live(none) && table.is_live(STATIC.key()));
}
