//! Calls that race with each other on all CPUs, preempted at any point. Short here; long storms are the images' own.

use crate::atomic::{AtomicU32, Ordering::Relaxed};
use core::ffi::c_void;

use tsd::{Capacity, Error, Key, KeyTable, Slots, Supported};

use crate::{Counter, KeyCell, Line, Platform, Start, in_threads, local::exit_table, value};

const THREADS: usize = 4;
const ROUNDS: usize = 1500;

/// Keys that one CPU creates are used on the others with no ordering but the hand-over of the number.
pub(super) fn published_key_is_valid_everywhere<P: Platform>() {
    let table = KeyTable::<8>::new();
    let published = AtomicU32::new(0);
    let line = Line::new();
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        let slots = Slots::<8>::new();
        let mut last = 0;
        for round in 0..100 {
            if thread == 0 {
                // Relaxed: the hand-over must be enough.
                published.store(table.create(None).unwrap().raw(), Relaxed);
            }
            let key = loop {
                match published.load(Relaxed) {
                    raw if raw == last => P::sleep_ms(1),
                    raw => break raw,
                }
            };
            last = key;
            let key = Key::from_raw(key);
            assert!(table.get(&slots, key).is_null());
            // SAFETY: the key has no destructor.
            assert_eq!(unsafe { table.set(&slots, key, value(round + 1)) }, Ok(()));
            assert_eq!(table.get(&slots, key), value(round + 1));
            line.meet::<P>(THREADS);
            if thread == 0 {
                table.delete(key).unwrap();
            }
        }
        let _ = exit_table(&table, &slots);
    });
}

/// While one thread deletes and creates keys at one index with two destructors in turn, others set values and exit:
/// a destructor only gets values that were set under its own key.
pub(super) fn delete_and_create_against_exit<P: Platform>() {
    static CALLS: Counter = Counter::new();
    unsafe extern "C-unwind" fn even(value: *mut c_void) {
        assert_eq!(value.addr() % 2, 0, "the value of the other key");
        CALLS.add();
    }
    unsafe extern "C-unwind" fn odd(value: *mut c_void) {
        assert_eq!(value.addr() % 2, 1, "the value of the other key");
        CALLS.add();
    }

    CALLS.set(0);
    let table = KeyTable::<1>::new();
    let published = [const { KeyCell::new() }; 2];
    let running = Counter::new();
    let called = Counter::new();
    running.set(THREADS - 1);
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        if thread == 0 {
            while running.get() != 0 {
                for (parity, cell) in published.iter().enumerate() {
                    let key = table.create(Some(if parity == 0 { even } else { odd })).unwrap();
                    cell.put(key);
                    P::yield_now();
                    table.delete(key).unwrap();
                }
            }
            return;
        }
        let slots = Slots::<1>::new();
        for round in 0..ROUNDS {
            for (parity, cell) in published.iter().enumerate() {
                let mine = value(2 * (round + 1) + parity);
                // SAFETY: the destructors take any number. It is refused when the key was deleted meanwhile.
                if unsafe { table.set(&slots, cell.get(), mine) }.is_ok() {
                    let read = table.get(&slots, cell.get());
                    assert!(read.is_null() || read == mine);
                }
            }
            let report = exit_table(&table, &slots);
            assert!(report.calls <= 1 && report.left_over == 0);
            if report.calls == 1 {
                called.add();
            }
            if round % 16 == 0 {
                P::yield_now();
            }
        }
        running.subtract();
    });
    assert_eq!(called.get(), CALLS.get());
    assert_eq!(table.in_use(), 0);
}

/// Keys are created while other threads exit: a new key never gets a call for a thread that did not set it.
pub(super) fn create_against_exit<P: Platform>() {
    static SET: Counter = Counter::new();
    static CALLED: Counter = Counter::new();
    unsafe extern "C-unwind" fn count(value: *mut c_void) {
        assert_eq!(value.addr(), 77);
        CALLED.add();
    }
    unsafe extern "C-unwind" fn never(_: *mut c_void) {
        panic!("the destructor of a key that nobody has set");
    }

    SET.set(0);
    CALLED.set(0);
    let table = KeyTable::<8>::new();
    let kept = [(); 2].map(|()| table.create(Some(count)).unwrap());
    let line = Line::new();
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        let slots = Slots::<8>::new();
        line.meet::<P>(THREADS);
        for _ in 0..ROUNDS {
            if thread < 2 {
                let keys = [(); 3].map(|()| table.create(Some(never)).unwrap());
                for key in keys {
                    table.delete(key).unwrap();
                }
            } else {
                for key in kept {
                    // SAFETY: the destructor takes this number.
                    unsafe { table.set(&slots, key, value(77)) }.unwrap();
                    SET.add();
                }
                assert_eq!(exit_table(&table, &slots).calls, 2);
            }
        }
    });
    assert_eq!(SET.get(), CALLED.get());
}

/// Threads create and delete keys and use each other's: what is read under a key was set under it by this thread.
pub(super) fn creates_and_deletes_against_get_and_set<P: Platform>() {
    let table = KeyTable::<3>::new();
    let published = [const { KeyCell::new() }; THREADS];
    let line = Line::new();
    // Which key a value was set under, and by whom.
    let mark = |key: Key, thread: usize| value(key.raw() as usize * THREADS + thread);
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        let slots = Slots::<3>::new();
        line.meet::<P>(THREADS);
        for _ in 0..ROUNDS {
            // One index less than there are threads.
            let own = match table.create(None) {
                Ok(own) => own,
                Err(error) => {
                    assert_eq!(error, Error::TableFull);
                    Key::default()
                }
            };
            published[thread].put(own);
            for cell in &published {
                let key = cell.get();
                let before = table.get(&slots, key);
                assert!(before.is_null() || before == mark(key, thread));
                // SAFETY: no key has a destructor.
                let set = unsafe { table.set(&slots, key, mark(key, thread)) };
                let after = table.get(&slots, key);
                assert!(after.is_null() || set.is_ok() && after == mark(key, thread));
                assert!(key != own || own == Key::default() || after == mark(key, thread));
            }
            if own != Key::default() {
                table.delete(own).unwrap();
                assert!(table.get(&slots, own).is_null());
            }
        }
    });
    assert_eq!(table.in_use(), 0);
    assert!(table.high_water() <= 3);
}

/// A key that two threads delete at once is deleted by one of them.
pub(super) fn one_delete_wins<P: Platform>() {
    let table = KeyTable::<8>::new();
    let cell = KeyCell::new();
    let wins = Counter::new();
    let line = Line::new();
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        for round in 1..=100 {
            if thread == 0 {
                cell.put(table.create(None).unwrap());
            }
            line.meet::<P>(THREADS);
            match table.delete(cell.get()) {
                Ok(()) => {
                    wins.add();
                }
                Err(error) => assert_eq!(error, Error::DeletedKey),
            }
            line.meet::<P>(THREADS);
            assert_eq!(wins.get(), round);
            assert_eq!(table.in_use(), 0);
            line.meet::<P>(THREADS);
        }
    });
}

/// Another thread takes a value while its owner exits: one of the two gets it, and only one.
pub(super) fn take_against_exit<P: Platform>() {
    static CALLED: Counter = Counter::new();
    unsafe extern "C-unwind" fn count(_: *mut c_void) {
        CALLED.add();
    }

    CALLED.set(0);
    let table = KeyTable::<1>::new();
    let slots = Slots::<1>::new();
    let key = table.create(Some(count)).unwrap();
    let taken = Counter::new();
    let line = Line::new();
    in_threads::<P, _>(2, Start::default(), |thread| {
        for round in 1..=300 {
            if thread == 0 {
                // SAFETY: this thread's own.
                unsafe { tsd::raw::share(&slots) };
                // SAFETY: the destructor takes any value; only this thread sets and exits.
                unsafe { table.set(&slots, key, value(round)) }.unwrap();
                line.meet::<P>(2);
                assert_eq!(exit_table(&table, &slots).left_over, 0);
            } else {
                line.meet::<P>(2);
                // Each time at another moment of the exit.
                for _ in 0..round % 40 {
                    core::hint::spin_loop();
                }
                let value = tsd::raw::take(&table, &slots, key);
                if !value.is_null() {
                    assert_eq!(value.addr(), round);
                    taken.add();
                }
            }
            line.meet::<P>(2);
            assert_eq!(taken.get() + CALLED.get(), round, "both got the value, or nobody");
            line.meet::<P>(2);
        }
    });
}

/// Threads wear a table out together: each index is used as often as it has generations, and the counts hold.
pub(super) fn table_is_worn_out_by_all<P: Platform>() {
    fn check<P: Platform, const N: usize>(generations: usize)
    where
        Capacity<N>: Supported,
    {
        let table = KeyTable::<N>::new().with_generation(KeyTable::<N>::LAST_GENERATION - (generations - 1));
        let created = Counter::new();
        let line = Line::new();
        in_threads::<P, _>(THREADS, Start::default(), |_| {
            line.meet::<P>(THREADS);
            while table.retired() < N {
                match table.create(None) {
                    Ok(key) => {
                        assert!(created.add() < N * generations, "an index came back after its last generation");
                        table.delete(key).unwrap();
                    }
                    Err(error) => assert_eq!(error.errno(), tsd::errno::EAGAIN),
                }
                assert!(table.high_water() <= N);
            }
        });
        assert_eq!(created.get(), N * generations);
        assert_eq!((table.in_use(), table.retired()), (0, N));
        assert!(table.high_water() <= N);
        assert_eq!(table.create(None), Err(Error::TableWornOut));
    }
    for _ in 0..10 {
        check::<P, 3>(20);
        check::<P, 64>(1);
    }
}

/// Threads start and end while keys are created, set and deleted in the platform's own space: every value of a key
/// that lives is destroyed, once, on the thread that set it.
pub(super) fn threads_and_keys_come_and_go<P: Platform>() {
    static SET: Counter = Counter::new();
    static CALLED: Counter = Counter::new();
    unsafe extern "C-unwind" fn count<P: Platform>(value: *mut c_void) {
        assert_eq!(value.addr(), core::ptr::from_ref(P::slots()).addr());
        CALLED.add();
    }

    SET.set(0);
    CALLED.set(0);
    let kept = P::space().create(Some(count::<P>)).unwrap();
    for _ in 0..8 {
        in_threads::<P, _>(12, Start::default(), |thread| {
            let mine = core::ptr::from_ref(P::slots()).addr();
            // SAFETY: the destructor does not follow the pointer.
            unsafe { P::space().set(kept, value(mine)) }.unwrap();
            SET.add();
            for round in 0..20 {
                if let Ok(key) = P::space().create(Some(count::<P>)) {
                    assert!(P::space().get(key).is_null());
                    // SAFETY: as above.
                    unsafe { P::space().set(key, value(mine)) }.unwrap();
                    if round % 4 == thread % 4 {
                        P::yield_now();
                    }
                    P::space().delete(key).unwrap();
                }
                assert_eq!(P::space().get(kept), value(mine));
            }
        });
    }
    assert_eq!(SET.get(), CALLED.get());
    P::space().delete(kept).unwrap();
}
