//! Creation and deletion.

use std::sync::Arc;

use tsd::{Error, KeyTable, Slots};

use super::value;
use crate::check::Outcomes;
use crate::threads::{start, table};

/// Two creators get two keys, and the table is full then.
pub(crate) fn two_creates(outcomes: &Outcomes) {
    let table = table::<2>();
    let other = start(&table, |table| table.create(None).unwrap());
    let mine = table.create(None).unwrap();
    let theirs = other.join().unwrap();
    assert_ne!(mine, theirs);
    assert_eq!(table.in_use(), 2);
    assert_eq!(table.create(None), Err(Error::TableFull));
    outcomes.note(if mine < theirs { "0 and 1" } else { "1 and 0" });
}

/// With one index left exactly one creator wins.
pub(crate) fn two_creates_and_one_index(outcomes: &Outcomes) {
    let table = table::<2>();
    let before = table.create(None).unwrap();
    let other = start(&table, |table| table.create(None));
    let mine = table.create(None);
    match (mine, other.join().unwrap()) {
        (Ok(key), Err(Error::TableFull)) => {
            assert_ne!(key, before);
            outcomes.note("first wins");
        }
        (Err(Error::TableFull), Ok(key)) => {
            assert_ne!(key, before);
            outcomes.note("second wins");
        }
        both => panic!("{both:?}"),
    }
    assert_eq!(table.in_use(), 2);
}

/// A creator gets the index of a key that is being deleted, or the table is full; afterwards the index is free.
pub(crate) fn create_against_delete(outcomes: &Outcomes) {
    let table = table::<1>();
    let first = table.create(None).unwrap();
    let deleter = start(&table, move |table| table.delete(first).unwrap());
    let second = table.create(None);
    deleter.join().unwrap();
    match second {
        Ok(second) => {
            assert_ne!(second, first);
            assert_eq!(table.delete(second), Ok(()));
            outcomes.note("created");
        }
        Err(error) => {
            assert_eq!(error, Error::TableFull);
            outcomes.note("full");
        }
    }
    assert_eq!(table.delete(first), Err(Error::DeletedKey));
    assert_eq!(table.in_use(), 0);
    table.create(None).unwrap();
}

/// One index is free for one creator, and another creator frees one for itself: neither is refused.
pub(crate) fn no_create_is_refused_while_an_index_is_free(outcomes: &Outcomes) {
    let table = table::<2>();
    let before = table.create(None).unwrap();
    let other = start(&table, move |table| {
        table.delete(before).unwrap();
        table.create(None).unwrap()
    });
    let mine = table.create(None).unwrap();
    let theirs = other.join().unwrap();
    assert!(mine != theirs && mine != before && theirs != before);
    assert_eq!(table.in_use(), 2);
    outcomes.note("created");
}

/// Three threads that create and delete in a table of three indexes are never refused.
pub(crate) fn three_creators_and_deleters(outcomes: &Outcomes) {
    fn create_and_delete<const N: usize>(table: &KeyTable<N>)
    where
        tsd::Capacity<N>: tsd::Supported,
    {
        let key = table.create(None).unwrap();
        table.delete(key).unwrap();
    }
    let table = table::<3>();
    let others = [start(&table, create_and_delete), start(&table, create_and_delete)];
    create_and_delete(&table);
    for other in others {
        other.join().unwrap();
    }
    assert_eq!(table.in_use(), 0);
    outcomes.note("created");
}

/// Of two threads that delete one key, one is told that it was deleted already.
pub(crate) fn two_deletes(outcomes: &Outcomes) {
    let table = table::<1>();
    let key = table.create(None).unwrap();
    let other = start(&table, move |table| table.delete(key));
    let mine = table.delete(key);
    match (mine, other.join().unwrap()) {
        (Ok(()), Err(Error::DeletedKey)) => outcomes.note("first wins"),
        (Err(Error::DeletedKey), Ok(())) => outcomes.note("second wins"),
        both => panic!("{both:?}"),
    }
    assert_eq!(table.in_use(), 0);
}

/// A creator that gets the index of a key which another thread deletes gives out a new handle, and reads NULL.
pub(crate) fn each_creation_has_its_own_handle(outcomes: &Outcomes) {
    let table = table::<2>();
    let slots = Slots::<2>::new();
    let first = table.create(None).unwrap();
    // SAFETY: the key has no destructor, and the slots are this thread's.
    unsafe { table.set(&slots, first, value(1)).unwrap() };
    let deleter = start(&table, move |table| table.delete(first).unwrap());
    let creator = start(&table, |table| table.create(None).unwrap());
    deleter.join().unwrap();
    let second = creator.join().unwrap();
    assert_ne!(first, second);
    assert!(table.get(&slots, second).is_null());
    assert_eq!(table.delete(first), Err(Error::DeletedKey));
    let third = table.create(None).unwrap();
    outcomes.note(if third < second { "other index" } else { "same index" });
}

/// Indexes whose last generation is used up are counted apart from keys in use, in whichever order they are seen.
pub(crate) fn last_generations(outcomes: &Outcomes) {
    let table = Arc::new(KeyTable::<3>::new().with_generation(KeyTable::<3>::LAST_GENERATION));
    let other = start(&table, |table| {
        for _ in 0..2 {
            let key = table.create(None).unwrap();
            table.delete(key).unwrap();
        }
    });
    let key = table.create(None).unwrap();
    other.join().unwrap();
    table.delete(key).unwrap();
    assert_eq!((table.in_use(), table.retired()), (0, 3));
    assert!(table.high_water() <= 3);
    assert_eq!(table.create(None), Err(Error::TableWornOut));
    outcomes.note("worn out");
}
