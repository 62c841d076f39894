//! Generations: re-use of an index for ever, and what happens when no generation is left.

use core::ffi::c_void;

use tsd::{Capacity, Error, Key, KeyTable, Slots, Supported};

use crate::{Log, Platform, local::exit_table, value};

/// Where a handle has the index: an entry is two words.
const SHIFT: u32 = size_of::<[usize; 2]>().trailing_zeros();

static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

/// Sets a value under a key whose destructor is `log` or none.
fn set<const N: usize>(table: &KeyTable<N>, slots: &Slots<N>, key: Key, number: usize)
where
    Capacity<N>: Supported,
{
    // SAFETY: `log` takes any number.
    unsafe { table.set(slots, key, value(number)) }.unwrap();
}

/// When the 32-bit handle has come round, a value left behind under the same number is still not read, nor given to
/// the later key's destructor.
pub(super) fn handle_wrap_revives_no_value<P: Platform>() {
    static TABLE: KeyTable<4096> = KeyTable::new();
    static SLOTS: Slots<4096> = Slots::new();

    CALLS.clear();
    let first = TABLE.create(Some(log)).unwrap();
    set(&TABLE, &SLOTS, first, 1);
    TABLE.delete(first).unwrap();
    let mut cycles = 0;
    let again = loop {
        let key = TABLE.create(Some(log)).unwrap();
        cycles += 1;
        if key == first {
            break key;
        }
        // Where pointers have 32 bits the index is retired before the handle can come round; the next one is tried.
        if TABLE.retired() != 0 {
            break key;
        }
        TABLE.delete(key).unwrap();
        assert!(cycles <= 1 << 20, "the handle did not come round");
    };
    assert!(TABLE.get(&SLOTS, again).is_null());
    assert_eq!(exit_table(&TABLE, &SLOTS).calls, 0);
    set(&TABLE, &SLOTS, again, 2);
    assert_eq!(TABLE.get(&SLOTS, again), value(2));
    assert_eq!(exit_table(&TABLE, &SLOTS).calls, 1);
    CALLS.expect(&[2]);
    TABLE.delete(again).unwrap();
}

/// An index is used once for each of its generations, with a handle that it had at no other time, and then never again.
/// Where pointers have 32 bits these are all generations that there are, else the last of them.
pub(super) fn every_generation_is_used_once<P: Platform>() {
    const N: usize = 4096;
    /// As many as a 32-bit handle tells apart.
    const GENERATIONS: usize = 1 << 18;
    const FIRST: usize = KeyTable::<N>::LAST_GENERATION - (GENERATIONS - 1);
    static TABLE: KeyTable<N> = KeyTable::new().with_generation(FIRST);
    static SLOTS: Slots<N> = Slots::new();

    const { assert!(usize::BITS > 32 || FIRST == 0) };
    let mut last = Key::default();
    for generation in 0..GENERATIONS {
        assert_eq!(TABLE.retired(), 0);
        let key = TABLE.create(Some(log)).unwrap();
        // Handles go up with the generation.
        assert!(generation == 0 || key.raw() > last.raw(), "{last:?}, {key:?}");
        assert!(TABLE.get(&SLOTS, key).is_null());
        // What is left behind stays in the slot.
        set(&TABLE, &SLOTS, key, generation + 1);
        TABLE.delete(key).unwrap();
        last = key;
    }
    assert_eq!((TABLE.retired(), TABLE.in_use()), (1, 0));
    let other = TABLE.create(Some(log)).unwrap();
    // At another index, the handle says.
    assert_ne!(other.raw() & (N as u32 - 1) << SHIFT, last.raw() & (N as u32 - 1) << SHIFT);
    assert!(TABLE.get(&SLOTS, other).is_null() && TABLE.get(&SLOTS, last).is_null());
    assert_eq!(TABLE.delete(last), Err(Error::DeletedKey));
    assert_eq!(exit_table(&TABLE, &SLOTS).calls, 0);
    TABLE.delete(other).unwrap();
}

/// An index is used as often as it has generations, each with a handle of its own, and then never again.
pub(super) fn last_generation_retires_the_index<P: Platform>() {
    fn check<const N: usize>()
    where
        Capacity<N>: Supported,
    {
        const LEFT: usize = 5;
        let table = KeyTable::<N>::new().with_generation(KeyTable::<N>::LAST_GENERATION - (LEFT - 1));
        let slots = Slots::<N>::new();
        let mut handles = [Key::default(); LEFT];
        for index in 0..N {
            for generation in 0..LEFT {
                let key = table.create(Some(log)).unwrap();
                assert!(table.get(&slots, key).is_null());
                assert!(!handles[..generation].contains(&key));
                handles[generation] = key;
                assert_eq!(table.retired(), index);
                set(&table, &slots, key, 1);
                table.delete(key).unwrap();
                for &old in &handles[..=generation] {
                    assert!(table.get(&slots, old).is_null());
                    assert!(table.delete(old).is_err());
                }
            }
        }
        assert_eq!(table.create(None), Err(Error::TableWornOut));
        assert_eq!(table.create(None).unwrap_err().errno(), tsd::errno::EAGAIN);
        assert_eq!(table.retired(), N);
        assert_eq!(table.in_use(), 0);
        assert_eq!(table.keys().count(), 0);
        assert_eq!(table.values(&slots).count(), 0);
        assert_eq!(exit_table(&table, &slots).calls, 0);
    }
    CALLS.clear();
    check::<1>();
    check::<3>();
    check::<8>();
    check::<64>();
    assert!(CALLS.is_empty());
}

/// Indexes that are worn out take none of the others with them.
pub(super) fn worn_out_indexes_leave_the_others<P: Platform>() {
    // There is no generation after the last.
    let table = KeyTable::<3>::new().with_generation(KeyTable::<3>::LAST_GENERATION + 1);
    let slots = Slots::<3>::new();
    let keys = [(); 3].map(|()| table.create(None).unwrap());
    assert_eq!(table.create(None), Err(Error::TableFull));
    set(&table, &slots, keys[0], 1);
    set(&table, &slots, keys[2], 3);
    table.delete(keys[1]).unwrap();
    assert_eq!(table.create(None), Err(Error::TableWornOut));
    assert_eq!((table.in_use(), table.retired()), (2, 1));
    assert_eq!(table.get(&slots, keys[0]), value(1));
    assert_eq!(table.get(&slots, keys[2]), value(3));
    table.delete(keys[0]).unwrap();
    table.delete(keys[2]).unwrap();
    assert_eq!((table.in_use(), table.retired()), (0, 3));
    assert_eq!(table.high_water(), 3);
}

/// Counting generations up never disturbs the index, wherever the carry goes.
pub(super) fn generations_carry_across_the_index<P: Platform>() {
    fn check<const N: usize>()
    where
        Capacity<N>: Supported,
    {
        let slots = Slots::<N>::new();
        let mut generation = 1;
        while generation < KeyTable::<N>::LAST_GENERATION {
            // From one below a power of two on: the carry runs through all lower bits.
            let table = KeyTable::<N>::new().with_generation(generation - 1);
            for _ in 0..3 {
                let mut keys = [Key::default(); N];
                for (number, key) in keys.iter_mut().enumerate() {
                    *key = table.create(None).unwrap();
                    set(&table, &slots, *key, number + 1);
                }
                for (number, &key) in keys.iter().enumerate() {
                    assert_eq!(table.get(&slots, key), value(number + 1));
                    table.delete(key).unwrap();
                }
            }
            // Other keys of other tables would find these values.
            let _ = exit_table(&table, &slots);
            generation <<= 1;
        }
    }
    check::<1>();
    check::<3>();
    check::<8>();
    check::<64>();
}

/// A table that starts at another generation gives other handles.
pub(super) fn first_generation_tells_tables_apart<P: Platform>() {
    let one = KeyTable::<8>::new();
    let other = KeyTable::<8>::new().with_generation(1000);
    let keys = [(); 8].map(|()| one.create(None).unwrap());
    let other_keys = [(); 8].map(|()| other.create(None).unwrap());
    assert!(keys.iter().all(|&key| other.delete(key).is_err()));
    assert!(other_keys.iter().all(|&key| one.delete(key) == Err(Error::InvalidKey)));
    assert_eq!((one.in_use(), other.in_use()), (8, 8));
}
