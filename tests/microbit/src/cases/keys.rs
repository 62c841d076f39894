//! Keys: created until there is none left, deleted, and read afterwards.

use cortex_m::peripheral::SYST;
use tsd::{Error, Key, KeyTable, Slots};

use crate::kernel::{KEYS, SPACE, exit, get, set};

pub(super) fn until_the_table_is_full(_: &mut SYST) {
    let before = SPACE.table().in_use();
    let mut keys = [Key::default(); KEYS];
    let mut count = 0;
    let error = loop {
        match SPACE.create(None) {
            Ok(key) => {
                assert!(!keys.contains(&key));
                keys[count] = key;
                count += 1;
            }
            Err(error) => break error,
        }
    };
    assert_eq!((error, count), (Error::TableFull, KEYS - before));
    keys[..count].iter().enumerate().for_each(|(number, &key)| set(key, number + 1).unwrap());
    keys[..count].iter().enumerate().for_each(|(number, &key)| assert_eq!(get(key), number + 1));
    for &key in &keys[..count] {
        SPACE.delete(key).unwrap();
        assert_eq!(SPACE.delete(key), Err(Error::DeletedKey));
    }
    assert_eq!(SPACE.table().in_use(), before);
    assert_eq!(exit().calls, 0);
}

pub(super) fn deleted_key_reads_null(_: &mut SYST) {
    let key = SPACE.create(None).unwrap();
    set(key, 1).unwrap();
    SPACE.delete(key).unwrap();
    assert_eq!((get(key), set(key, 2)), (0, Err(Error::DeletedKey)));
    // At the same index.
    let next = SPACE.create(None).unwrap();
    assert_ne!(next, key);
    assert_eq!((get(key), get(next)), (0, 0));
    set(next, 3).unwrap();
    assert_eq!((get(key), get(next)), (0, 3));
    SPACE.delete(next).unwrap();
    assert_eq!(exit().calls, 0);
}

/// An index whose generations are used up gets no key any more.
pub(super) fn index_that_is_worn_out(_: &mut SYST) {
    type Table = KeyTable<2>;
    let table = Table::new().with_generation(Table::LAST_GENERATION);
    let slots = Slots::<2>::new();
    let keys = [(); 2].map(|()| table.create(None).unwrap());
    assert_eq!(table.create(None), Err(Error::TableFull));
    for (count, key) in keys.into_iter().enumerate() {
        // SAFETY: the key has no destructor.
        unsafe { table.set(&slots, key, crate::kernel::as_value(7)).unwrap() };
        table.delete(key).unwrap();
        assert_eq!(table.create(None), Err(Error::TableWornOut));
        assert!(table.get(&slots, key).is_null());
        assert_eq!(table.retired(), count + 1);
    }
}
