//! Creating and deleting keys: how many there can be, and which numbers are none.

use core::ptr;

use tsd::{Error, Key, KeyTable, Slots};

use crate::Platform;

/// The zero-initialised key is never valid.
pub(super) fn zero_key<P: Platform>() {
    let space = P::space();
    let zero = Key::default();
    let mut value = 0;
    assert!(space.get(zero).is_null());
    // SAFETY: the call is refused.
    assert_eq!(unsafe { space.set(zero, (&raw mut value).cast()) }, Err(Error::InvalidKey));
    // SAFETY: as above.
    assert_eq!(unsafe { space.set(zero, ptr::null_mut()) }, Err(Error::InvalidKey));
    assert_eq!(space.delete(zero), Err(Error::InvalidKey));
    assert!(space.get(zero).is_null());
}

/// No number faults, and none but a live key's own touches anything.
pub(super) fn wild_keys<P: Platform>() {
    let table = KeyTable::<60>::new();
    let slots = Slots::<60>::new();
    let key = table.create(None).unwrap();
    let mut value = 0;
    let value = (&raw mut value).cast();
    // SAFETY: the key has no destructor.
    unsafe { table.set(&slots, key, value) }.unwrap();

    let mut random: u32 = 0x9e37_79b9;
    let wild = (0..40).chain(u32::MAX - 2048..=u32::MAX).chain((0..4096).map(|_| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random
    }));
    for raw in wild.filter(|&raw| raw != key.raw()) {
        let wild = Key::from_raw(raw);
        assert!(table.get(&slots, wild).is_null(), "get {raw:#x}");
        // SAFETY: the call is refused.
        assert_eq!(unsafe { table.set(&slots, wild, value) }.map_err(Error::errno), Err(tsd::EINVAL), "set {raw:#x}");
        assert_eq!(table.delete(wild).map_err(Error::errno), Err(tsd::EINVAL), "delete {raw:#x}");
    }
    assert_eq!(table.get(&slots, key), value);
    assert_eq!(table.in_use(), 1);
}

/// N creates succeed, the next is refused; each key that is deleted makes room for exactly one more.
pub(super) fn n_creates_then_full<P: Platform>() {
    fn check<const N: usize>()
    where
        tsd::Capacity<N>: tsd::Supported,
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
