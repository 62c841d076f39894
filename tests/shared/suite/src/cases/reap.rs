//! Threads that end where they stand, be it in their exit, and are reaped by another thread.

use core::ffi::c_void;

use tsd::{ExitFlags, ExitReport, Key, KeyOptions, KeySpace, KeyTable, Notifications, Once, StaticKey};

use crate::{
    Counter, KeyCell, Loan, Log, Platform, Start, in_threads,
    local::{Local, exit_space},
    value,
};

static KEYS: [KeyCell; 3] = [const { KeyCell::new() }; 3];
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

unsafe extern "C-unwind" fn log_and_die<P: Platform>(value: *mut c_void) {
    CALLS.add(value.addr());
    P::die();
}

/// Creates the keys, of which the first has this destructor; those of the others log the value.
fn create<P: Platform>(first: tsd::Destructor) {
    CALLS.clear();
    for (number, cell) in KEYS.iter().enumerate() {
        cell.put(P::space().create(Some(if number == 0 { first } else { log })).unwrap());
    }
}

fn delete<P: Platform>() {
    for cell in &KEYS {
        P::space().delete(cell.get()).unwrap();
    }
}

fn set<P: Platform>(key: Key, number: usize) {
    // SAFETY: every destructor in this file takes any number.
    unsafe { P::space().set(key, value(number)) }.unwrap();
}

/// Starts a thread, which dies, and reaps it.
fn reap<P: Platform>(body: fn(usize)) -> ExitReport {
    P::reap(P::start(Start::default(), body, 0)).expect("the thread dies")
}

/// What a thread has that dies in a destructor is destroyed, but for the value of that destructor, which the report
/// names; and the thread that reaps it keeps its own values.
pub(super) fn died_in_a_destructor<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        (1..).zip(&KEYS).for_each(|(number, key)| set::<P>(key.get(), number));
    }

    create::<P>(log_and_die::<P>);
    set::<P>(KEYS[1].get(), 100);
    let report = reap::<P>(body::<P>);
    CALLS.expect(&[1, 2, 3]);
    assert_eq!((report.flags, report.interrupted), (ExitFlags::INTERRUPTED, KEYS[0].get()));
    assert_eq!((report.calls, report.left_over), (2, 0));
    assert_eq!(P::space().get(KEYS[1].get()), value(100));
    assert!(P::space().get(KEYS[2].get()).is_null());
    set::<P>(KEYS[1].get(), 0);
    delete::<P>();
}

/// A thread that dies outside its exit is reaped as if it had exited there: functions, destructors, notifications.
pub(super) fn died_outside_its_exit<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        set::<P>(KEYS[0].get(), 1);
        // SAFETY: the function only logs its argument.
        unsafe { P::space().at_thread_exit(log, value(2)) }.unwrap();
        P::die();
    }

    create::<P>(log);
    let report = reap::<P>(body::<P>);
    CALLS.expect(&[2, 1]);
    assert_eq!((report.flags, report.calls, report.functions), (ExitFlags::empty(), 1, 1));
    delete::<P>();
}

/// The functions that a thread has not called when it dies in one of them are called, and those before are not called
/// again; the report says that one did not return.
pub(super) fn died_in_a_function<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        set::<P>(KEYS[0].get(), 9);
        let functions = [(log as tsd::Destructor, 3), (log_and_die::<P>, 2), (log, 1)];
        for (function, argument) in functions {
            // SAFETY: the functions take any number.
            unsafe { P::space().at_thread_exit(function, value(argument)) }.unwrap();
        }
    }

    create::<P>(log);
    let report = reap::<P>(body::<P>);
    CALLS.expect(&[1, 2, 3, 9]);
    assert_eq!((report.flags, report.calls, report.functions), (ExitFlags::INTERRUPTED, 1, 1));
    assert_eq!(report.interrupted, Key::default());
    delete::<P>();
}

/// A thread stays in its destructor while that runs the thread's exit functions, and after.
pub(super) fn died_in_a_destructor_that_ran_functions<P: Platform>() {
    unsafe extern "C-unwind" fn run_functions_and_die<P: Platform>(_: *mut c_void) {
        // SAFETY: the function takes any number, and destroys nothing.
        unsafe {
            P::space().at_thread_exit(log, value(2)).unwrap();
            assert_eq!(P::space().run_exit_functions(), 1);
        }
        P::die();
    }
    fn body<P: Platform>(_: usize) {
        set::<P>(KEYS[0].get(), 1);
    }

    create::<P>(run_functions_and_die::<P>);
    let report = reap::<P>(body::<P>);
    CALLS.expect(&[2]);
    assert_eq!((report.flags, report.interrupted), (ExitFlags::INTERRUPTED, KEYS[0].get()));
    delete::<P>();
}

/// Destructors that run while a thread is reaped may block, set values and use the thread's other ones.
pub(super) fn destructors_of_a_dead_thread_set_values<P: Platform>() {
    unsafe extern "C-unwind" fn set_another<P: Platform>(value: *mut c_void) {
        CALLS.add(value.addr());
        P::sleep_ms(2);
        assert_eq!(P::space().get(KEYS[1].get()), crate::value(2));
        set::<P>(KEYS[2].get(), 30);
        P::sleep_ms(2);
        assert_eq!(P::space().get(KEYS[2].get()), crate::value(30));
    }
    fn body<P: Platform>(_: usize) {
        set::<P>(KEYS[0].get(), 1);
        set::<P>(KEYS[1].get(), 2);
        P::die();
    }

    create::<P>(set_another::<P>);
    let report = reap::<P>(body::<P>);
    CALLS.expect(&[1, 2, 30]);
    assert_eq!((report.flags, report.calls), (ExitFlags::empty(), 3));
    assert!(KEYS.iter().all(|key| P::space().get(key.get()).is_null()));
    delete::<P>();
}

/// The next thread with a dead one's control block: its exit finds what it sets, also under keys that the dead one had
/// set to NULL when its exit was cut short.
pub(super) fn next_thread_after_a_dead_one<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        (1..).zip(&KEYS).for_each(|(number, key)| set::<P>(key.get(), number));
        set::<P>(KEYS[1].get(), 0);
    }

    create::<P>(log_and_die::<P>);
    let _ = reap::<P>(body::<P>);
    CALLS.expect(&[1, 3]);
    for _ in 0..4 {
        CALLS.clear();
        in_threads::<P, _>(1, Start::default(), |_| {
            assert!(KEYS.iter().all(|key| P::space().get(key.get()).is_null()));
            set::<P>(KEYS[1].get(), 5);
            set::<P>(KEYS[2].get(), 6);
        });
        CALLS.expect(&[5, 6]);
    }
    delete::<P>();
}

/// An initialiser in which a thread dies is called again, by the next caller.
pub(super) fn died_in_an_initialiser<P: Platform>() {
    static CONTROL: Loan<Once> = Loan::new();
    fn body<P: Platform>(_: usize) {
        // SAFETY: the case keeps it.
        let _ = P::space().once(unsafe { CONTROL.get() }, || P::die());
    }

    let control = Once::new();
    CONTROL.lend(&control);
    let _ = reap::<P>(body::<P>);
    let runs = Counter::new();
    assert_eq!(P::space().once(&control, || runs.set(1)), Ok(()));
    assert_eq!(runs.get(), 1);
}

/// Static keys of both phases: what was not destroyed is, what was is not again, and the next thread's values are
/// found.
pub(super) fn died_in_a_static_keys_destructor<P: Platform>() {
    const NUMBER: StaticKey = StaticKey::new(0, KeyOptions::new().destructor(log));
    const LAST: StaticKey = StaticKey::new(1, KeyOptions::new().destructor(log).last_phase());
    // SAFETY: the slots are in the port, and used with no other key space.
    static SPACE: KeySpace<Local<8>> = unsafe {
        let table = KeyTable::new().with_static_keys(&[NUMBER, LAST]);
        KeySpace::with_table(Local::new(Notifications::new()), table)
    };
    fn body<P: Platform>(_: usize) {
        // SAFETY: of this thread, until it is reaped; any number may be a value.
        unsafe {
            NUMBER.set(&SPACE.port().slots, value(1));
            LAST.set(&SPACE.port().slots, value(2));
            SPACE.set(SPACE.create(Some(log_and_die::<P>)).unwrap(), value(3)).unwrap();
        }
        let _ = exit_space(&SPACE);
    }

    CALLS.clear();
    let _ = reap::<P>(body::<P>);
    CALLS.expect(&[1, 3]);
    // SAFETY: the thread is dead, and its slots are this call's.
    let report = unsafe { SPACE.reap() };
    CALLS.expect(&[1, 3, 2]);
    assert_eq!((report.flags, report.calls), (ExitFlags::INTERRUPTED, 1));
    // SAFETY: the slots are this thread's now.
    unsafe { NUMBER.set(&SPACE.port().slots, value(4)) };
    let report = exit_space(&SPACE);
    CALLS.expect(&[1, 3, 2, 4]);
    assert_eq!((report.flags, report.calls), (ExitFlags::empty(), 1));
}

/// A thread that dies while it reaps another is followed by a third, which goes on where the second was.
pub(super) fn reaper_that_dies<P: Platform>() {
    static SPACE: KeySpace<Local<8>> = Local::new(Notifications::new()).into_space();
    fn exits<P: Platform>(_: usize) {
        for (number, cell) in (1..).zip(&KEYS) {
            cell.put(SPACE.create(Some(if number == 3 { log } else { log_and_die::<P> })).unwrap());
            // SAFETY: the destructors take any number.
            unsafe { SPACE.set(cell.get(), value(number)) }.unwrap();
        }
        let _ = exit_space(&SPACE);
    }
    fn reaps(_: usize) {
        // SAFETY: the thread whose slots they were is dead.
        let _ = unsafe { SPACE.reap() };
    }

    CALLS.clear();
    let _ = reap::<P>(exits::<P>);
    CALLS.expect(&[1]);
    let _ = reap::<P>(reaps);
    CALLS.expect(&[1, 2]);
    // SAFETY: as above.
    let report = unsafe { SPACE.reap() };
    CALLS.expect(&[1, 2, 3]);
    assert_eq!((report.flags, report.interrupted), (ExitFlags::INTERRUPTED, KEYS[1].get()));
    assert_eq!((report.calls, report.left_over), (1, 0));
}
