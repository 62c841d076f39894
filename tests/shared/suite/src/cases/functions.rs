//! Thread-exit functions: last in, first out, before the keys' rounds, and none is lost.

use core::ffi::c_void;

use tsd::{Error, ExitFlags, ExitFunction, ExitFunctions, KeyOptions};

use crate::{EXIT_FUNCTIONS, KeyCell, Log, Platform, Start, exit_of, in_threads, value};

static KEY: KeyCell = KeyCell::new();
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(argument: *mut c_void) {
    CALLS.add(argument.addr());
}

fn register<P: Platform>(function: ExitFunction, number: usize) -> Result<(), Error> {
    // SAFETY: every function in this file takes any number.
    unsafe { P::space().at_thread_exit(function, value(number)) }
}

fn set<P: Platform>(number: usize) {
    // SAFETY: every destructor in this file takes any number.
    unsafe { P::space().set(KEY.get(), value(number)) }.unwrap();
}

/// The last registered runs first, each with its argument, also where one function is registered several times.
pub(super) fn last_registered_runs_first<P: Platform>() {
    CALLS.clear();
    let report = exit_of::<P>(|| (1..=5).for_each(|number| register::<P>(log, number).unwrap()));
    CALLS.expect(&[5, 4, 3, 2, 1]);
    assert_eq!((report.functions, report.calls), (5, 0));
}

/// One that is registered by a function of the list runs next.
pub(super) fn registered_in_a_function_runs_next<P: Platform>() {
    unsafe extern "C-unwind" fn registers<P: Platform>(argument: *mut c_void) {
        CALLS.add(argument.addr());
        register::<P>(log, 10).unwrap();
        register::<P>(log, 11).unwrap();
    }

    CALLS.clear();
    let _ = exit_of::<P>(|| {
        register::<P>(log, 1).unwrap();
        register::<P>(registers::<P>, 2).unwrap();
        register::<P>(log, 3).unwrap();
    });
    CALLS.expect(&[3, 2, 11, 10, 1]);
}

/// The list runs before the keys' destructors, with the values still readable, and what it sets is destroyed.
pub(super) fn functions_run_before_destructors<P: Platform>() {
    unsafe extern "C-unwind" fn reads<P: Platform>(argument: *mut c_void) {
        assert_eq!(P::space().get(KEY.get()), value(7));
        CALLS.add(argument.addr());
        set::<P>(8);
    }

    CALLS.clear();
    KEY.put(P::space().create(Some(log)).unwrap());
    let report = exit_of::<P>(|| {
        set::<P>(7);
        register::<P>(reads::<P>, 1).unwrap();
    });
    CALLS.expect(&[1, 8]);
    assert_eq!((report.functions, report.calls, report.rounds), (1, 1, 1));
    P::space().delete(KEY.get()).unwrap();
}

/// One that a key's destructor registers runs before the next round, or at the end where there is none.
pub(super) fn registered_in_a_destructor_runs_before_the_next_round<P: Platform>() {
    unsafe extern "C-unwind" fn destructor<P: Platform>(number: *mut c_void) {
        CALLS.add(number.addr());
        register::<P>(log, number.addr() + 10).unwrap();
        if number.addr() < 3 {
            set::<P>(number.addr() + 1);
        }
    }

    CALLS.clear();
    KEY.put(P::space().create(Some(destructor::<P>)).unwrap());
    let report = exit_of::<P>(|| set::<P>(1));
    CALLS.expect(&[1, 11, 2, 12, 3, 13]);
    assert_eq!((report.functions, report.calls, report.left_over), (3, 3, 0));
    P::space().delete(KEY.get()).unwrap();
}

/// One that the very last destructor of the last phase registers still runs.
pub(super) fn registered_in_the_last_phase_runs<P: Platform>() {
    unsafe extern "C-unwind" fn destructor<P: Platform>(number: *mut c_void) {
        CALLS.add(number.addr());
        register::<P>(log, number.addr() + 10).unwrap();
        set::<P>(number.addr() + 1);
    }

    CALLS.clear();
    KEY.put(P::space().create_with(KeyOptions::new().destructor(destructor::<P>).last_phase()).unwrap());
    let report = exit_of::<P>(|| set::<P>(1));
    let rounds = tsd::DEFAULT_ROUNDS;
    assert_eq!((report.functions, report.calls, report.last_phase_rounds), (rounds, rounds, rounds));
    assert_eq!(CALLS.len() as u32, 2 * rounds);
    assert_eq!(CALLS.count(10 + rounds as usize), 1);
    P::space().delete(KEY.get()).unwrap();
}

/// One that the last round of the ordinary keys registers sets a value of the last phase, which is destroyed.
pub(super) fn registered_in_the_last_round_sets_a_last_phase_value<P: Platform>() {
    static LAST: KeyCell = KeyCell::new();
    unsafe extern "C-unwind" fn sets<P: Platform>(number: *mut c_void) {
        // SAFETY: the destructor takes any number.
        unsafe { P::space().set(LAST.get(), number) }.unwrap();
    }
    unsafe extern "C-unwind" fn endless<P: Platform>(number: *mut c_void) {
        CALLS.add(number.addr());
        if number.addr() == tsd::DEFAULT_ROUNDS as usize {
            register::<P>(sets::<P>, 100).unwrap();
        }
        set::<P>(number.addr() + 1);
    }

    CALLS.clear();
    KEY.put(P::space().create(Some(endless::<P>)).unwrap());
    LAST.put(P::space().create_with(KeyOptions::new().destructor(log).last_phase()).unwrap());
    let report = exit_of::<P>(|| set::<P>(1));
    let rounds = tsd::DEFAULT_ROUNDS;
    assert_eq!((report.rounds, report.last_phase_rounds, report.functions, report.left_over), (rounds, 1, 1, 1));
    assert_eq!((CALLS.len() as u32, CALLS.count(100)), (rounds + 1, 1));
    P::space().delete(KEY.get()).unwrap();
    P::space().delete(LAST.get()).unwrap();
}

/// A full list refuses and loses nothing; every function that runs makes room for one more.
pub(super) fn full_list_loses_nothing<P: Platform>() {
    unsafe extern "C-unwind" fn registers<P: Platform>(argument: *mut c_void) {
        CALLS.add(argument.addr());
        register::<P>(log, 100).unwrap();
        assert_eq!(register::<P>(log, 101), Err(Error::ListFull));
    }

    CALLS.clear();
    let report = exit_of::<P>(|| {
        for number in 1..EXIT_FUNCTIONS {
            register::<P>(log, number).unwrap();
        }
        register::<P>(registers::<P>, EXIT_FUNCTIONS).unwrap();
        for _ in 0..3 {
            assert_eq!(register::<P>(log, 101), Err(Error::ListFull));
        }
    });
    assert_eq!(report.functions as usize, EXIT_FUNCTIONS + 1);
    assert_eq!((report.functions_refused, report.flags), (4, ExitFlags::FUNCTIONS_REFUSED));
    assert!((1..=EXIT_FUNCTIONS).all(|number| CALLS.count(number) == 1));
    assert_eq!((CALLS.count(100), CALLS.count(101)), (1, 0));
    assert_ne!(Error::ListFull.errno(), 0);
}

/// What was refused is reported by the exit, also where the functions have run before it; and by that exit only.
pub(super) fn refused_functions_are_reported<P: Platform>() {
    let _ = exit_of::<P>(|| {
        let refused = || {
            (0..EXIT_FUNCTIONS).for_each(|_| register::<P>(log, 1).unwrap());
            assert_eq!(register::<P>(log, 1), Err(Error::ListFull));
            assert_eq!(P::run_exit_functions() as usize, EXIT_FUNCTIONS);
        };
        refused();
        let report = P::exit();
        assert_eq!((report.functions_refused, report.flags), (1, ExitFlags::FUNCTIONS_REFUSED));
        let report = P::exit();
        assert_eq!((report.functions_refused, report.flags), (0, ExitFlags::empty()));
    });
}

/// The functions can run before the exit: all of them, counted, and no destructor with them.
pub(super) fn functions_can_run_alone<P: Platform>() {
    CALLS.clear();
    KEY.put(P::space().create(Some(log)).unwrap());
    let report = exit_of::<P>(|| {
        set::<P>(9);
        (1..=3).for_each(|number| register::<P>(log, number).unwrap());
        assert_eq!(P::run_exit_functions(), 3);
        CALLS.expect(&[3, 2, 1]);
        assert_eq!(P::run_exit_functions(), 0);
        assert_eq!(P::space().get(KEY.get()), value(9));
        register::<P>(log, 4).unwrap();
    });
    CALLS.expect(&[3, 2, 1, 4, 9]);
    assert_eq!((report.functions, report.calls), (1, 1));
    P::space().delete(KEY.get()).unwrap();
}

/// A list serves for any number of functions, one after another.
pub(super) fn chain_of_functions_longer_than_the_list<P: Platform>() {
    unsafe extern "C-unwind" fn next<P: Platform>(argument: *mut c_void) {
        CALLS.add(argument.addr());
        if argument.addr() < 4 * EXIT_FUNCTIONS {
            register::<P>(next::<P>, argument.addr() + 1).unwrap();
        }
    }

    CALLS.clear();
    let report = exit_of::<P>(|| register::<P>(next::<P>, 1).unwrap());
    assert_eq!(report.functions as usize, 4 * EXIT_FUNCTIONS);
    assert!((1..=4 * EXIT_FUNCTIONS).all(|number| CALLS.count(number) == 1));
}

/// Each thread runs its own functions and no other's.
pub(super) fn each_thread_has_its_own_list<P: Platform>() {
    const THREADS: usize = 8;
    CALLS.clear();
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        for _ in 0..=thread {
            register::<P>(log, thread + 1).unwrap();
        }
        P::yield_now();
        assert_eq!(P::exit().functions as usize, thread + 1);
        // The next exit of this thread has nothing to run.
        assert_eq!(P::exit().functions, 0);
    });
    assert!((1..=THREADS).all(|number| CALLS.count(number) == number));
}

/// Thread exit called in a function of the list does nothing and says so.
pub(super) fn exit_in_a_function_does_nothing<P: Platform>() {
    unsafe extern "C-unwind" fn exits<P: Platform>(argument: *mut c_void) {
        CALLS.add(argument.addr());
        assert_eq!(P::exit().flags, ExitFlags::ALREADY_EXITING);
    }

    CALLS.clear();
    let report = exit_of::<P>(|| {
        register::<P>(log, 1).unwrap();
        register::<P>(exits::<P>, 2).unwrap();
    });
    assert_eq!(report.functions, 2);
    CALLS.expect(&[2, 1]);
}

/// The list counts what is registered, and a list without room refuses all.
pub(super) fn list_counts_its_functions<P: Platform>() {
    let functions = ExitFunctions::<2>::new();
    let list = functions.as_list();
    assert!(list.is_empty());
    // SAFETY: nobody runs this list.
    unsafe {
        assert_eq!(list.push(log, value(1)), Ok(()));
        assert_eq!(list.push(log, value(2)), Ok(()));
        assert_eq!(list.push(log, value(3)), Err(Error::ListFull));
        assert_eq!(ExitFunctions::<0>::new().as_list().push(log, value(1)), Err(Error::ListFull));
    }
    assert_eq!(list.len(), 2);
    assert!(!list.is_empty());
}
