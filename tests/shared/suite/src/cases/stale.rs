//! Handles that outlive their key, and values that outlive it.

use core::ptr;

use tsd::{Error, Key, KeyOptions, KeyTable, Slots};

use crate::{Counter, KEYS, KeyCell, Log, Platform, Start, in_threads, value, wait_until};

/// A handle kept across delete and create at the same index is rejected by every call.
pub(super) fn handle_of_a_reused_index_is_rejected<P: Platform>() {
    let table = KeyTable::<1>::new();
    let slots = Slots::<1>::new();
    let old = table.create(None).unwrap();
    // SAFETY: no key here has a destructor.
    unsafe { table.set(&slots, old, value(1)) }.unwrap();
    table.delete(old).unwrap();
    let new = table.create(None).unwrap();
    assert_ne!(new, old);

    assert!(table.get(&slots, old).is_null());
    assert!(table.get(&slots, new).is_null());
    // SAFETY: as above.
    assert_eq!(unsafe { table.set(&slots, old, value(2)) }, Err(Error::DeletedKey));
    assert!(table.get(&slots, new).is_null());
    assert_eq!(table.delete(old), Err(Error::DeletedKey));

    // SAFETY: as above.
    unsafe { table.set(&slots, new, value(3)) }.unwrap();
    assert!(table.get(&slots, old).is_null());
    // SAFETY: as above.
    assert_eq!(unsafe { table.set(&slots, old, value(4)) }, Err(Error::DeletedKey));
    assert_eq!(table.get(&slots, new), value(3));
}

/// Every handle that an index ever had stays rejected, not only the last.
pub(super) fn all_earlier_handles_are_rejected<P: Platform>() {
    let table = KeyTable::<1>::new();
    let slots = Slots::<1>::new();
    let mut handles = [Key::default(); 200];
    for number in 0..handles.len() {
        handles[number] = table.create(None).unwrap();
        // SAFETY: the key has no destructor.
        unsafe { table.set(&slots, handles[number], value(number + 1)) }.unwrap();
        for &old in &handles[..number] {
            assert!(table.get(&slots, old).is_null());
            assert_eq!(table.delete(old), Err(Error::DeletedKey));
        }
        assert_eq!(table.get(&slots, handles[number]), value(number + 1));
        table.delete(handles[number]).unwrap();
    }
}

/// Setting a deleted key is refused, to NULL too.
pub(super) fn set_null_of_a_deleted_key_is_refused<P: Platform>() {
    let table = KeyTable::<8>::new();
    let slots = Slots::<8>::new();
    for bound in [false, true] {
        let key = table.create(None).unwrap();
        if bound {
            // SAFETY: the key has no destructor.
            unsafe { table.set(&slots, key, value(1)) }.unwrap();
        }
        table.delete(key).unwrap();
        // SAFETY: the call is refused.
        assert_eq!(unsafe { table.set(&slots, key, ptr::null_mut()) }, Err(Error::DeletedKey));
    }
}

/// Thread B sets, thread A deletes and creates at the same index: B reads NULL under both handles, and at B's exit
/// the new destructor does not get the old value. Wherever in the table the index is.
pub(super) fn recreated_key_hides_another_threads_value<P: Platform>() {
    static CALLS: Log = Log::new();
    static NEW: KeyCell = KeyCell::new();
    unsafe extern "C-unwind" fn log(value: *mut core::ffi::c_void) {
        CALLS.add(value.addr());
    }

    let space = P::space();
    // All indexes are in use, so that the next key gets the one of the key that was deleted.
    let mut keys = [Key::default(); KEYS];
    for key in &mut keys {
        *key = space.create(Some(log)).unwrap();
    }
    for victim in [0, KEYS / 2, KEYS - 1] {
        CALLS.clear();
        let old = keys[victim];
        let step = Counter::new();
        in_threads::<P, _>(2, Start::default(), |thread| {
            if thread == 0 {
                // SAFETY: the destructor only logs the value.
                unsafe { space.set(old, value(1)) }.unwrap();
                step.set(1);
                wait_until::<P>(|| step.get() == 2);
                assert!(space.get(old).is_null());
                assert!(space.get(NEW.get()).is_null());
            } else {
                wait_until::<P>(|| step.get() == 1);
                space.delete(old).unwrap();
                NEW.put(space.create(Some(log)).unwrap());
                step.set(2);
            }
        });
        assert!(CALLS.is_empty(), "a value of a deleted key was handed to a destructor");
        keys[victim] = NEW.get();
    }
    for key in keys {
        space.delete(key).unwrap();
    }
}

/// A value of a deleted key gets no destructor, not the old key's either.
pub(super) fn delete_calls_no_destructor<P: Platform>() {
    static CALLS: Log = Log::new();
    unsafe extern "C-unwind" fn log(value: *mut core::ffi::c_void) {
        CALLS.add(value.addr());
    }

    CALLS.clear();
    let key = P::space().create(Some(log)).unwrap();
    let set = Counter::new();
    in_threads::<P, _>(2, Start::default(), |thread| {
        // SAFETY: the destructor only logs the value.
        unsafe { P::space().set(key, value(thread + 1)) }.unwrap();
        set.add();
        if thread == 1 {
            wait_until::<P>(|| set.get() == 2);
            P::space().delete(key).unwrap();
            assert!(CALLS.is_empty());
        } else {
            wait_until::<P>(|| P::space().get(key).is_null());
        }
    });
    assert!(CALLS.is_empty());
}

/// A key that was never one and a key that was are told apart.
pub(super) fn errors_tell_deleted_from_never_created<P: Platform>() {
    let table = KeyTable::<3>::new();
    let key = table.create(None).unwrap();
    let later = table.create(None).unwrap();
    table.delete(key).unwrap();
    assert_eq!(table.delete(key), Err(Error::DeletedKey));
    let new = table.create(None).unwrap();
    table.delete(later).unwrap();
    // A handle of a generation that has not come yet, from a table in which it has.
    let ahead = KeyTable::<3>::new().with_generation(2).create(None).unwrap();
    assert!(ahead != new && ahead != key);
    assert_eq!(table.delete(ahead), Err(Error::InvalidKey));
    assert_eq!(table.delete(Key::from_raw(later.raw() + 1)), Err(Error::InvalidKey));
    assert_eq!(table.delete(new), Ok(()));
}

/// A number that differs from a deleted key's in its index or its kind was no key.
pub(super) fn near_numbers_were_no_keys<P: Platform>() {
    let table = KeyTable::<3>::new();
    let keys = [(); 3].map(|()| table.create(None).unwrap());
    let step = keys[1].raw() - keys[0].raw();
    // The masks have room for a fourth index, which the table has not.
    let beyond = Key::from_raw(keys[2].raw() + step);
    table.delete(keys[2]).unwrap();
    assert_eq!(table.delete(beyond), Err(Error::InvalidKey));

    let runtime = KeyTable::<3>::new();
    let key = runtime.create_with(KeyOptions::new().last_phase()).unwrap();
    // The first key of each table, of the one kind and the other.
    let ordinary = keys[0];
    assert_ne!(key, ordinary);
    assert_eq!(runtime.delete(ordinary), Err(Error::InvalidKey));
    assert_eq!(runtime.delete(key), Ok(()));
    assert_eq!(runtime.delete(key), Err(Error::DeletedKey));
}
