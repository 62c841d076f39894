//! What a thread reads under a key.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;

use tsd::{Capacity, Key, KeyTable, Slots, Supported};

use crate::{Counter, KEYS, KeyCell, Log, Platform, Start, in_threads, local::exit_table, value, wait_until};

static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

/// A new key reads NULL in every thread that already runs.
pub(super) fn new_key_reads_null_in_running_threads<P: Platform>() {
    const THREADS: usize = 4;
    static NEW: KeyCell = KeyCell::new();
    let ready = Counter::new();
    NEW.put(Key::default());
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        ready.add();
        if thread == 0 {
            wait_until::<P>(|| ready.get() == THREADS);
            NEW.put(P::space().create(None).unwrap());
        }
        wait_until::<P>(|| NEW.get() != Key::default());
        assert!(P::space().get(NEW.get()).is_null());
    });
    P::space().delete(NEW.get()).unwrap();
}

/// A new thread reads NULL under every key, whatever its parent has set.
pub(super) fn new_thread_reads_null_everywhere<P: Platform>() {
    let mut keys = [Key::default(); KEYS];
    for key in &mut keys {
        *key = P::space().create(None).unwrap();
        // SAFETY: the key has no destructor.
        unsafe { P::space().set(*key, value(1)) }.unwrap();
    }
    in_threads::<P, _>(3, Start::default(), |_| {
        for &key in &keys {
            assert!(P::space().get(key).is_null());
        }
    });
    for key in keys {
        assert_eq!(P::space().get(key), value(1));
        P::space().delete(key).unwrap();
    }
}

/// Each thread has its own value, and keeps it while others set theirs.
pub(super) fn values_are_per_thread<P: Platform>() {
    const THREADS: usize = 8;
    let keys = [(); 3].map(|()| P::space().create(None).unwrap());
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        for round in 1..100 {
            for (number, &key) in keys.iter().enumerate() {
                // SAFETY: the keys have no destructors.
                unsafe { P::space().set(key, value(round * 1000 + thread * 10 + number)) }.unwrap();
            }
            P::yield_now();
            for (number, &key) in keys.iter().enumerate() {
                assert_eq!(P::space().get(key), value(round * 1000 + thread * 10 + number));
            }
        }
    });
    for key in keys {
        P::space().delete(key).unwrap();
    }
}

/// A thread control block whose memory was full of ones before initialisation reads NULL everywhere, and exits
/// without a call.
pub(super) fn memory_full_of_ones_is_initialised<P: Platform>() {
    fn check<const N: usize>()
    where
        Capacity<N>: Supported,
    {
        let table = KeyTable::<N>::new();
        let mut memory = MaybeUninit::<Slots<N>>::uninit();
        // SAFETY: the memory is `memory`'s own; `init` makes it valid.
        let slots = unsafe {
            memory.as_mut_ptr().cast::<u8>().write_bytes(0xff, size_of::<Slots<N>>());
            Slots::init(memory.as_mut_ptr());
            memory.assume_init_ref()
        };
        for _ in 0..N {
            let key = table.create(Some(log)).unwrap();
            assert!(table.get(slots, key).is_null());
        }
        assert_eq!(slots.current_destructor(), None);
        assert!(!slots.is_exiting());
        assert_eq!(table.values(slots).count(), 0);
        assert_eq!(exit_table(&table, slots).calls, 0);
    }
    CALLS.clear();
    check::<1>();
    check::<3>();
    check::<64>();
    check::<128>();
    assert!(CALLS.is_empty());
}

/// Memory of zero bytes is slots as new.
pub(super) fn zero_bytes_are_new_slots<P: Platform>() {
    CALLS.clear();
    let table = KeyTable::<64>::new();
    let key = table.create(Some(log)).unwrap();
    // SAFETY: all zero bytes are a valid initial state, says `Slots`.
    let slots = unsafe { MaybeUninit::<Slots<64>>::zeroed().assume_init() };
    assert!(table.get(&slots, key).is_null());
    // SAFETY: the destructor only logs the value.
    unsafe { table.set(&slots, key, value(3)) }.unwrap();
    assert_eq!(table.get(&slots, key), value(3));
    assert_eq!(exit_table(&table, &slots).calls, 1);
    CALLS.expect(&[3]);
}

/// A value that was cleared gets no destructor, and reads NULL.
pub(super) fn set_null_clears<P: Platform>() {
    CALLS.clear();
    let table = KeyTable::<8>::new();
    let slots = Slots::<8>::new();
    let [cleared, never_set, kept] = [(); 3].map(|()| table.create(Some(log)).unwrap());
    // SAFETY: the destructor only logs the value.
    unsafe {
        table.set(&slots, cleared, value(1)).unwrap();
        table.set(&slots, kept, value(2)).unwrap();
        table.set(&slots, cleared, ptr::null_mut()).unwrap();
        table.set(&slots, never_set, ptr::null_mut()).unwrap();
    }
    assert!(table.get(&slots, cleared).is_null());
    assert!(table.get(&slots, never_set).is_null());
    assert_eq!(table.get(&slots, kept), value(2));
    assert_eq!(exit_table(&table, &slots).calls, 1);
    CALLS.expect(&[2]);
}

/// A value that was replaced gets no destructor: only the last one does.
pub(super) fn replaced_value_gets_no_destructor<P: Platform>() {
    CALLS.clear();
    let table = KeyTable::<8>::new();
    let slots = Slots::<8>::new();
    let key = table.create(Some(log)).unwrap();
    for number in 1..=5 {
        // SAFETY: the destructor only logs the value.
        unsafe { table.set(&slots, key, value(number)) }.unwrap();
        assert_eq!(table.get(&slots, key), value(number));
        assert!(CALLS.is_empty());
    }
    assert_eq!(exit_table(&table, &slots).calls, 1);
    CALLS.expect(&[5]);
}

/// Every bit of a value is kept.
pub(super) fn any_pointer_can_be_a_value<P: Platform>() {
    let key = P::space().create(None).unwrap();
    for number in [1, 2, 3, usize::MAX, usize::MAX - 1, 1 << (usize::BITS - 1), 0x5555_5555, 0xaaaa_aaaa] {
        // SAFETY: the key has no destructor.
        unsafe { P::space().set(key, value(number)) }.unwrap();
        assert_eq!(P::space().get(key), value(number));
    }
    // SAFETY: as above.
    unsafe { P::space().set(key, ptr::null_mut()) }.unwrap();
    P::space().delete(key).unwrap();
}

/// A thousand keys in one table, in many threads: each has all its values.
pub(super) fn thousand_keys_in_one_table<P: Platform>() {
    static TABLE: KeyTable<1024> = KeyTable::new();
    static SLOTS: [Slots<1024>; 3] = [const { Slots::new() }; 3];
    static KEYS: [KeyCell; 1000] = [const { KeyCell::new() }; 1000];

    for key in &KEYS {
        key.put(TABLE.create(None).unwrap());
    }
    in_threads::<P, _>(SLOTS.len(), Start::default(), |thread| {
        let slots = &SLOTS[thread];
        for (number, key) in KEYS.iter().enumerate() {
            // SAFETY: the keys have no destructors.
            unsafe { TABLE.set(slots, key.get(), value(number * 8 + thread + 1)) }.unwrap();
        }
        for (number, key) in KEYS.iter().enumerate() {
            assert_eq!(TABLE.get(slots, key.get()), value(number * 8 + thread + 1));
        }
        let _ = exit_table(&TABLE, slots);
    });
    for key in &KEYS {
        TABLE.delete(key.get()).unwrap();
    }
}

/// A value that was taken is the thread's no more: it reads NULL, and its destructor is not called. Only slots that
/// their thread shares can be taken from, until its exit.
pub(super) fn taken_value_is_gone<P: Platform>() {
    CALLS.clear();
    let table = KeyTable::<3>::new();
    let slots = Slots::<3>::new();
    let [taken, kept] = [(); 2].map(|()| table.create(Some(log)).unwrap());
    let set = |key, number| {
        // SAFETY: the destructor only logs the value.
        unsafe { table.set(&slots, key, value(number)) }.unwrap();
    };
    set(taken, 1);
    set(kept, 2);
    assert!(tsd::raw::take(&table, &slots, taken).is_null());
    assert_eq!(table.get(&slots, taken), value(1));
    // SAFETY: this thread's own.
    unsafe { tsd::raw::share(&slots) };
    assert_eq!(tsd::raw::take(&table, &slots, taken), value(1));
    assert!(tsd::raw::take(&table, &slots, taken).is_null());
    assert!(table.get(&slots, taken).is_null());
    assert_eq!(exit_table(&table, &slots).calls, 1);
    CALLS.expect(&[2]);

    set(taken, 3);
    assert!(tsd::raw::take(&table, &slots, taken).is_null());
    // SAFETY: this thread's own.
    unsafe { tsd::raw::share(&slots) };
    table.delete(taken).unwrap();
    assert!(tsd::raw::take(&table, &slots, taken).is_null());
    assert_eq!(exit_table(&table, &slots).calls, 0);
    assert!(slots.is_idle());
}

/// Slots know whether an exit would have anything to do.
pub(super) fn slots_are_idle_until_something_is_set<P: Platform>() {
    let table = KeyTable::<64>::new();
    let slots = Slots::<64>::new();
    let key = table.create(None).unwrap();
    assert!(slots.is_idle());
    // SAFETY: the key has no destructor.
    unsafe {
        table.set(&slots, key, ptr::null_mut()).unwrap();
        assert!(slots.is_idle());
        table.set(&slots, key, value(1)).unwrap();
    }
    assert!(table.get(&slots, Key::default()).is_null());
    assert!(!slots.is_idle());
    let _ = exit_table(&table, &slots);
    assert!(slots.is_idle());
}
