//! Values under keys that other CPUs create, hand over and delete.

use core::sync::atomic::Ordering::Relaxed;
use loom::thread::JoinHandle;
use std::sync::Arc;
use tsd::{AtomicU32, Error, Key, KeyTable, Slots};

use super::value;
use crate::check::Outcomes;
use crate::threads::{start, table};

/// A table and a word by which one thread hands a key to another.
struct HandOver {
    table: KeyTable<1>,
    key: AtomicU32,
}

impl HandOver {
    /// Sets a value under a key, which another thread begins to replace by the one that it hands over.
    fn begin() -> (Arc<Self>, Slots<1>, Key, JoinHandle<()>) {
        let shared = Arc::new(Self { table: KeyTable::new(), key: AtomicU32::new(0) });
        let slots = Slots::new();
        let old = shared.table.create(None).unwrap();
        // SAFETY: the key has no destructor, and the slots are this thread's.
        unsafe { shared.table.set(&slots, old, value(1)).unwrap() };
        let other = start(&shared, move |shared| {
            shared.table.delete(old).unwrap();
            shared.key.store(shared.table.create(None).unwrap().raw(), Relaxed);
        });
        (shared, slots, old, other)
    }
}

/// A value is read under its own key or not at all, never under the key that follows at its index.
pub(crate) fn stale_value_is_never_read(outcomes: &Outcomes) {
    let (shared, slots, old, other) = HandOver::begin();
    let read = shared.table.get(&slots, old);
    let new = Key::from_raw(shared.key.load(Relaxed));
    assert!(shared.table.get(&slots, new).is_null());
    match (read.is_null(), new == Key::default()) {
        (false, _) => {
            assert_eq!(read, value(1));
            outcomes.note("before");
        }
        (true, true) => outcomes.note("deleted"),
        (true, false) => outcomes.note("replaced"),
    }
    other.join().unwrap();
    let new = Key::from_raw(shared.key.load(Relaxed));
    assert!(shared.table.get(&slots, old).is_null() && shared.table.get(&slots, new).is_null());
}

/// A key that comes by a relaxed load can be set and read at once, also where the index had another key before.
pub(crate) fn key_by_relaxed_hand_over(outcomes: &Outcomes) {
    let (shared, slots, _, other) = HandOver::begin();
    let new = Key::from_raw(shared.key.load(Relaxed));
    if new == Key::default() {
        outcomes.note("none yet");
    } else {
        // SAFETY: the key has no destructor, and the slots are this thread's.
        unsafe { shared.table.set(&slots, new, value(2)).unwrap() };
        assert_eq!(shared.table.get(&slots, new), value(2));
        outcomes.note("set");
    }
    other.join().unwrap();
}

/// A value that is set while its key is deleted is read back until the deletion is seen, and never after.
pub(crate) fn set_against_delete(outcomes: &Outcomes) {
    let table = table::<1>();
    let key = table.create(None).unwrap();
    let other = start(&table, move |table| table.delete(key).unwrap());
    set_and_get(&table, key, outcomes);
    other.join().unwrap();
}

/// The same where the index has a key again.
pub(crate) fn set_against_delete_and_create(outcomes: &Outcomes) {
    let table = table::<1>();
    let key = table.create(None).unwrap();
    let other = start(&table, move |table| {
        table.delete(key).unwrap();
        table.create(None).unwrap()
    });
    let slots = set_and_get(&table, key, outcomes);
    let new = other.join().unwrap();
    assert!(table.get(&slots, key).is_null() && table.get(&slots, new).is_null());
    // SAFETY: the key has no destructor, and the slots are this thread's.
    unsafe { table.set(&slots, new, value(2)).unwrap() };
    assert_eq!(table.get(&slots, new), value(2));
}

fn set_and_get(table: &KeyTable<1>, key: Key, outcomes: &Outcomes) -> Slots<1> {
    let slots = Slots::new();
    // SAFETY: the key has no destructor, and the slots are this thread's.
    match unsafe { table.set(&slots, key, value(1)) } {
        Err(error) => {
            assert_eq!(error, Error::DeletedKey);
            assert!(table.get(&slots, key).is_null());
            outcomes.note("deleted key");
        }
        Ok(()) => {
            let read = table.get(&slots, key);
            assert!(read.is_null() || read == value(1));
            outcomes.note(if read.is_null() { "set and gone" } else { "read back" });
        }
    }
    slots
}
