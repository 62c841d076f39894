//! Several tables, several key spaces: none sees another's keys or values.

use core::ffi::c_void;

use tsd::{Error, KeyTable, Notifications, Slots};

use crate::{
    Log, Platform, Start, in_threads,
    local::{Local, exit_space, exit_table},
    value,
};

static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

/// Keys of one table are none of another that starts at another generation, whichever call gets them.
pub(super) fn keys_are_of_one_table<P: Platform>() {
    let [one, other] = [KeyTable::<8>::new(), KeyTable::<8>::new().with_generation(9)];
    let [slots, other_slots] = [const { Slots::<8>::new() }; 2];
    let key = one.create(None).unwrap();
    let other_key = other.create(None).unwrap();
    // SAFETY: neither key has a destructor.
    unsafe {
        one.set(&slots, key, value(1)).unwrap();
        assert!(other.set(&other_slots, key, value(2)).is_err());
        assert!(one.set(&slots, other_key, value(2)).is_err());
    }
    assert!(other.get(&other_slots, key).is_null());
    assert!(one.get(&slots, other_key).is_null());
    assert!(other.delete(key).is_err());
    assert_eq!(one.delete(other_key), Err(Error::InvalidKey));
    assert_eq!(one.get(&slots, key), value(1));
}

/// Where two tables gave out the same number, it names a key in each, with a value in each.
pub(super) fn equal_numbers_are_two_keys<P: Platform>() {
    let tables = [const { KeyTable::<8>::new() }; 2];
    let slots = [const { Slots::<8>::new() }; 2];
    let keys = [0, 1].map(|table: usize| tables[table].create(Some(log)).unwrap());
    assert_eq!(keys[0], keys[1]);
    for table in [0, 1] {
        // SAFETY: the destructor takes any number.
        unsafe { tables[table].set(&slots[table], keys[table], value(table + 1)) }.unwrap();
    }
    tables[0].delete(keys[0]).unwrap();
    assert!(tables[0].get(&slots[0], keys[0]).is_null());
    assert_eq!(tables[1].get(&slots[1], keys[1]), value(2));
    CALLS.clear();
    assert_eq!(exit_table(&tables[0], &slots[0]).calls, 0);
    assert_eq!(exit_table(&tables[1], &slots[1]).calls, 1);
    CALLS.expect(&[2]);
}

/// A thread has values in several key spaces, of several capacities; each has its own exit.
pub(super) fn each_space_has_its_own_exit<P: Platform>() {
    CALLS.clear();
    let key = P::space().create(Some(log)).unwrap();
    in_threads::<P, _>(2, Start::default(), |thread| {
        let local = Local::<3>::new(Notifications::new()).into_space();
        let local_key = local.create(Some(log)).unwrap();
        // SAFETY: the destructor takes any number.
        unsafe {
            local.set(local_key, value(10 + thread)).unwrap();
            P::space().set(key, value(20 + thread)).unwrap();
        }
        assert_eq!(exit_space(&local).calls, 1);
        assert!(local.get(local_key).is_null());
        assert_eq!(P::space().get(key), value(20 + thread));
        // SAFETY: as above.
        unsafe { local.set(local_key, value(30 + thread)) }.unwrap();
        assert_eq!(P::exit().calls, 1);
        assert_eq!(local.get(local_key), value(30 + thread));
        assert_eq!(exit_space(&local).calls, 1);
    });
    assert!([10, 11, 20, 21, 30, 31].iter().all(|&number| CALLS.count(number) == 1));
    P::space().delete(key).unwrap();
}

/// A destructor of one key space uses and exits another.
pub(super) fn destructor_exits_another_space<P: Platform>() {
    unsafe extern "C-unwind" fn destructor(number: *mut c_void) {
        let local = Local::<1>::new(Notifications::new()).into_space();
        let key = local.create(Some(log)).unwrap();
        // SAFETY: the destructor takes any number.
        unsafe { local.set(key, value(number.addr() + 1)) }.unwrap();
        assert_eq!(exit_space(&local).calls, 1);
        CALLS.add(number.addr());
    }

    CALLS.clear();
    let key = P::space().create(Some(destructor)).unwrap();
    in_threads::<P, _>(1, Start::default(), |_| {
        // SAFETY: the destructor takes any number.
        unsafe { P::space().set(key, value(1)) }.unwrap();
    });
    CALLS.expect(&[2, 1]);
    P::space().delete(key).unwrap();
}
