//! What a destructor may do: all of it works, and no lock is held.

use core::ffi::c_void;

use tsd::{Destructor, Error, ExitFlags, ExitReport, KeyTable, Once, Slots};

use crate::{Counter, KeyCell, Loan, Log, Platform, Start, exit_of, in_threads, local::exit_table, value, wait_until};

static KEYS: [KeyCell; 4] = [const { KeyCell::new() }; 4];
/// The values that destructors got.
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

unsafe extern "C-unwind" fn never(value: *mut c_void) {
    panic!("a destructor was called with {value:p}, which was set under another key");
}

/// Sets the value of the key number `key` of this file.
fn set<P: Platform>(key: usize, number: usize) {
    // SAFETY: every destructor in this file takes any number.
    unsafe { P::space().set(KEYS[key].get(), value(number)) }.unwrap();
}

/// Creates keys with these destructors; theirs are the indexes 0, 1, …, for the platform's table is empty.
fn create<P: Platform>(destructors: &[Destructor]) {
    CALLS.clear();
    for (cell, &destructor) in KEYS.iter().zip(destructors) {
        cell.put(P::space().create(Some(destructor)).unwrap());
    }
}

/// Creates keys with these destructors, sets each to its number plus one on a thread of its own, and lets that exit.
fn exit_with<P: Platform>(destructors: &[Destructor]) -> ExitReport {
    create::<P>(destructors);
    exit_of::<P>(|| (0..destructors.len()).for_each(|key| set::<P>(key, key + 1)))
}

/// Deletes these keys; those that a destructor has deleted are not among them.
fn delete<P: Platform>(keys: &[usize]) {
    for &key in keys {
        P::space().delete(KEYS[key].get()).unwrap();
    }
}

/// Deletes a key and creates another, which gets its index.
fn replace<P: Platform>(key: usize, destructor: Destructor) {
    delete::<P>(&[key]);
    KEYS[key].put(P::space().create(Some(destructor)).unwrap());
}

/// A key that a destructor creates and sets is destroyed in the same exit.
pub(super) fn creates_and_sets_a_key<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        KEYS[1].put(P::space().create(Some(log)).unwrap());
        assert!(P::space().get(KEYS[1].get()).is_null());
        set::<P>(1, 2);
        assert_eq!(P::space().get(KEYS[1].get()).addr(), 2);
    }

    let report = exit_with::<P>(&[first::<P>]);
    assert_eq!((report.calls, report.left_over), (2, 0));
    CALLS.expect(&[1, 2]);
    delete::<P>(&[0, 1]);
}

/// What a destructor sets at a higher index, in the same word of bits or another, is destroyed in the same round; at a
/// lower one, in the next.
pub(super) fn sets_keys_in_turn<P: Platform>() {
    static TABLE: KeyTable<128> = KeyTable::new();
    static SLOTS: Slots<128> = Slots::new();
    static KEYS: [KeyCell; 128] = [const { KeyCell::new() }; 128];
    const TURNS: [usize; 7] = [1, 4, 70, 75, 127, 3, 2];
    fn set(number: usize) {
        // SAFETY: the destructor takes any number.
        unsafe { TABLE.set(&SLOTS, KEYS[number].get(), value(number)) }.unwrap();
    }
    unsafe extern "C-unwind" fn next(number: *mut c_void) {
        CALLS.add(number.addr());
        let turn = TURNS.iter().position(|&turn| turn == number.addr()).unwrap();
        if let Some(&next) = TURNS.get(turn + 1) {
            set(next);
        }
    }

    CALLS.clear();
    for (number, cell) in KEYS.iter().enumerate() {
        cell.put(TABLE.create(Some(next)).unwrap());
        assert_eq!(tsd::raw::index::<128>(cell.get()), number);
    }
    set(TURNS[0]);
    let report = exit_table(&TABLE, &SLOTS);
    CALLS.expect(&TURNS);
    assert_eq!((report.calls, report.rounds), (7, 3));
    KEYS.iter().for_each(|cell| TABLE.delete(cell.get()).unwrap());
}

/// A destructor deletes its own key: no value can be set under it, and it is not called again.
pub(super) fn deletes_its_own_key<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(number: *mut c_void) {
        CALLS.add(number.addr());
        // Set before the deletion, so that a value is left behind under a dead key.
        set::<P>(0, 3);
        delete::<P>(&[0]);
        assert!(P::space().get(KEYS[0].get()).is_null());
        // SAFETY: the call is refused.
        assert_eq!(unsafe { P::space().set(KEYS[0].get(), value(2)) }, Err(Error::DeletedKey));
    }

    let report = exit_with::<P>(&[first::<P>, log]);
    assert_eq!((report.calls, report.rounds, report.left_over), (2, 1, 0));
    CALLS.expect(&[1, 2]);
    delete::<P>(&[1]);
}

/// A destructor deletes a key before its turn: that key's destructor does not run on this thread.
pub(super) fn deletes_a_key_before_its_turn<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        delete::<P>(&[1]);
    }

    let report = exit_with::<P>(&[first::<P>, never, log]);
    assert_eq!((report.calls, report.left_over), (2, 0));
    CALLS.expect(&[1, 3]);
    delete::<P>(&[0, 2]);
}

/// A destructor deletes a key that had its turn and has a value again: it has no further turn.
pub(super) fn deletes_a_key_after_its_turn<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        set::<P>(0, 10);
    }
    unsafe extern "C-unwind" fn second<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        delete::<P>(&[0]);
    }

    let report = exit_with::<P>(&[first::<P>, second::<P>]);
    assert_eq!((report.calls, report.rounds, report.left_over), (2, 1, 0));
    CALLS.expect(&[1, 2]);
    delete::<P>(&[1]);
}

/// A destructor deletes its own key and another and creates again at both indexes: the new destructors get what was
/// set under the new keys and nothing else.
pub(super) fn recreates_keys_at_the_same_index<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        delete::<P>(&[1, 0]);
        KEYS[0].put(P::space().create(Some(log)).unwrap());
        KEYS[1].put(P::space().create(Some(never)).unwrap());
        assert!(P::space().get(KEYS[0].get()).is_null());
        assert!(P::space().get(KEYS[1].get()).is_null());
        set::<P>(0, 9);
    }

    let report = exit_with::<P>(&[first::<P>, log]);
    assert_eq!((report.calls, report.left_over), (2, 0));
    CALLS.expect(&[1, 9]);
    delete::<P>(&[0, 1]);
}

/// A value that a destructor sets under a key that is deleted before its turn is not revived by the next key at its
/// index.
pub(super) fn sets_a_key_that_is_replaced<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        // The thread has a value under the first of three keys at this index, the destructor sets the second one.
        replace::<P>(1, never);
        set::<P>(1, 8);
        replace::<P>(1, never);
        assert!(P::space().get(KEYS[1].get()).is_null());
    }

    let report = exit_with::<P>(&[first::<P>, never]);
    assert_eq!((report.calls, report.left_over), (1, 0));
    CALLS.expect(&[1]);
    delete::<P>(&[0, 1]);
}

/// A value that a destructor sets under a key without a destructor is cleared and is not left over.
pub(super) fn sets_a_key_without_destructor<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        set::<P>(1, 2);
    }

    create::<P>(&[first::<P>]);
    KEYS[1].put(P::space().create(None).unwrap());
    let report = exit_of::<P>(|| set::<P>(0, 1));
    assert_eq!((report.calls, report.rounds, report.left_over), (1, 1, 0));
    delete::<P>(&[0, 1]);
}

/// `once` works in a destructor, first call and later ones.
pub(super) fn calls_once<P: Platform>() {
    static CONTROL: Loan<Once> = Loan::new();
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        // SAFETY: the case keeps it until the thread has ended.
        let control = unsafe { CONTROL.get() };
        P::space().once(control, || CALLS.add(100)).unwrap();
    }

    let control = Once::new();
    CONTROL.lend(&control);
    let _ = exit_with::<P>(&[first::<P>, first::<P>]);
    CALLS.expect(&[1, 100, 2]);
    delete::<P>(&[0, 1]);
}

/// A destructor sleeps, yields, starts a thread with values of its own and joins it.
pub(super) fn blocks_and_starts_threads<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        P::sleep_ms(1);
        P::yield_now();
        let thread = P::start(Start::default(), |number| set::<P>(1, number), 2);
        P::join(thread);
        CALLS.add(3);
    }

    create::<P>(&[first::<P>, log]);
    let report = exit_of::<P>(|| set::<P>(0, 1));
    assert_eq!(report.calls, 1);
    CALLS.expect(&[1, 2, 3]);
    delete::<P>(&[0, 1]);
}

/// While a destructor blocks, other threads create, set, get, delete, call `once` and exit.
pub(super) fn no_lock_is_held_in_a_destructor<P: Platform>() {
    static DONE: Counter = Counter::new();
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        wait_until::<P>(|| DONE.get() == 1);
    }

    DONE.set(0);
    create::<P>(&[first::<P>, log]);
    let control = Once::new();
    in_threads::<P, _>(3, Start::default(), |thread| match thread {
        0 => set::<P>(0, 1),
        1 => {
            wait_until::<P>(|| CALLS.count(1) == 1);
            let key = P::space().create(None).unwrap();
            // SAFETY: the key has no destructor.
            unsafe { P::space().set(key, value(5)) }.unwrap();
            assert_eq!(P::space().get(key), value(5));
            P::space().delete(key).unwrap();
            P::space().once(&control, || ()).unwrap();
            set::<P>(1, 2);
            // Its own exit is not held up either.
            let _ = P::exit();
            CALLS.expect(&[1, 2]);
            DONE.add();
        }
        _ => wait_until::<P>(|| DONE.get() == 1),
    });
    delete::<P>(&[0, 1]);
}

/// Interrupts are enabled in a destructor as they were in the thread.
pub(super) fn interrupts_are_as_the_thread_had_them<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        assert!(P::interrupts_enabled());
    }

    create::<P>(&[first::<P>]);
    in_threads::<P, _>(1, Start::default(), |_| {
        assert!(P::interrupts_enabled());
        set::<P>(0, 1);
    });
    CALLS.expect(&[1]);
    delete::<P>(&[0]);
}

/// Thread exit called in a destructor does nothing and says so; the exit under way is complete nevertheless.
pub(super) fn exit_in_a_destructor_does_nothing<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        let report = P::exit();
        assert_eq!(report.flags, ExitFlags::ALREADY_EXITING);
        assert_eq!((report.calls, report.rounds, report.functions, report.left_over), (0, 0, 0, 0));
        assert_eq!(P::space().get(KEYS[1].get()).addr(), 2);
    }

    let report = exit_with::<P>(&[first::<P>, log]);
    assert_eq!((report.calls, report.rounds, report.left_over), (2, 1, 0));
    assert_eq!(report.flags, ExitFlags::empty());
    CALLS.expect(&[1, 2]);
    delete::<P>(&[0, 1]);
}

/// The same inside an initialiser that a destructor runs: the control stays with its initialiser.
pub(super) fn exit_in_a_destructors_initialiser_does_nothing<P: Platform>() {
    static CONTROL: Loan<Once> = Loan::new();
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        // SAFETY: the case keeps it until the thread has ended.
        let control = unsafe { CONTROL.get() };
        let once = P::space().once(control, || {
            assert_eq!(P::exit().flags, ExitFlags::ALREADY_EXITING);
            assert_eq!(P::space().once(control, || CALLS.add(100)), Err(Error::Recursion));
        });
        assert_eq!(once, Ok(()));
        assert!(control.is_complete());
    }

    let control = Once::new();
    CONTROL.lend(&control);
    let _ = exit_with::<P>(&[first::<P>]);
    CALLS.expect(&[1]);
    delete::<P>(&[0]);
}

/// A panic dump can name the destructor that runs and its round.
pub(super) fn current_destructor_is_known<P: Platform>() {
    unsafe extern "C-unwind" fn first<P: Platform>(value: *mut c_void) {
        let round = value.addr();
        CALLS.add(round);
        assert!(P::slots().is_exiting());
        assert_eq!(P::slots().current_destructor(), Some((KEYS[0].get(), round as u32)));
        if round < 3 {
            set::<P>(0, round + 1);
        }
    }

    create::<P>(&[first::<P>]);
    in_threads::<P, _>(1, Start::default(), |_| {
        assert_eq!(P::slots().current_destructor(), None);
        assert!(!P::slots().is_exiting());
        set::<P>(0, 1);
        let _ = P::exit();
        assert_eq!(P::slots().current_destructor(), None);
        assert!(!P::slots().is_exiting());
    });
    CALLS.expect(&[1, 2, 3]);
    delete::<P>(&[0]);
}
