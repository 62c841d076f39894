//! Which threads run destructors, and when they are complete: joined, detached, boot and idle threads, and many.

use crate::atomic::{AtomicBool, Ordering::SeqCst};
use core::ffi::c_void;
use core::ptr;

use tsd::{ExitFlags, Key};

use crate::{Counter, EXIT_FUNCTIONS, KEYS, KeyCell, Log, Platform, Start, exit_of, in_threads, value, wait_until};

static KEY: KeyCell = KeyCell::new();
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

/// A destructor that takes its time.
unsafe extern "C-unwind" fn slow<P: Platform>(value: *mut c_void) {
    P::sleep_ms(3);
    CALLS.add(value.addr());
}

fn create<P: Platform>(destructor: tsd::Destructor) {
    CALLS.clear();
    KEY.put(P::space().create(Some(destructor)).unwrap());
}

fn delete<P: Platform>() {
    P::space().delete(KEY.get()).unwrap();
}

fn set<P: Platform>(number: usize) {
    // SAFETY: every destructor in this file takes what it is given here.
    unsafe { P::space().set(KEY.get(), value(number)) }.unwrap();
}

/// Destructors run on the thread that owns the values, with it as the current thread.
pub(super) fn destructors_run_on_the_owning_thread<P: Platform>() {
    unsafe extern "C-unwind" fn destructor<P: Platform>(value: *mut c_void) {
        assert_eq!(ptr::from_ref(P::slots()).addr(), value.addr());
        CALLS.add(1);
    }

    create::<P>(destructor::<P>);
    in_threads::<P, _>(4, Start::default(), |_| set::<P>(ptr::from_ref(P::slots()).addr()));
    CALLS.expect(&[1; 4]);
    delete::<P>();
}

/// Destructors are complete when a joiner returns.
pub(super) fn destructors_are_complete_before_join_returns<P: Platform>() {
    create::<P>(slow::<P>);
    P::join(P::start(Start::default(), set::<P>, 7));
    CALLS.expect(&[7]);
    delete::<P>();
}

/// A thread that ends itself anywhere runs its destructors like one that returns.
pub(super) fn thread_that_ends_itself_runs_destructors<P: Platform>() {
    fn body<P: Platform>(number: usize) {
        set::<P>(number);
        if number != 0 {
            P::exit_thread();
        }
    }

    create::<P>(slow::<P>);
    P::join(P::start(Start::default(), body::<P>, 8));
    CALLS.expect(&[8]);
    delete::<P>();
}

/// A detached thread runs its destructors.
pub(super) fn detached_thread_runs_destructors<P: Platform>() {
    create::<P>(slow::<P>);
    P::detach(P::start(Start::default(), set::<P>, 9));
    wait_until::<P>(|| !CALLS.is_empty());
    CALLS.expect(&[9]);
    delete::<P>();
}

/// The exit hook run a second time does nothing.
pub(super) fn exit_hook_twice<P: Platform>() {
    create::<P>(log);
    in_threads::<P, _>(1, Start::default(), |_| {
        set::<P>(1);
        assert_eq!(P::exit().calls, 1);
        let again = P::exit();
        assert_eq!((again.calls, again.rounds, again.left_over, again.flags), (0, 0, 0, ExitFlags::empty()));
        assert!(P::space().get(KEY.get()).is_null());
    });
    CALLS.expect(&[1]);
    delete::<P>();
}

/// The exit hook on a thread that never set anything does nothing.
pub(super) fn exit_hook_with_nothing_set<P: Platform>() {
    create::<P>(log);
    let report = exit_of::<P>(|| assert!(P::space().get(KEY.get()).is_null()));
    assert_eq!((report.calls, report.rounds, report.left_over, report.flags), (0, 0, 0, ExitFlags::empty()));
    assert!(CALLS.is_empty());
    delete::<P>();
}

/// Values, and the whole exit, on whichever thread this is.
fn use_and_exit<P: Platform>(number: usize) {
    let before = CALLS.len();
    set::<P>(number);
    assert_eq!(P::space().get(KEY.get()), value(number));
    assert_eq!(P::exit().calls, 1);
    assert_eq!(CALLS.len(), before + 1);
    assert!(P::space().get(KEY.get()).is_null());
    assert_eq!(P::exit().calls, 0);
}

/// The boot thread, which nobody started, has values and can run the exit hook.
pub(super) fn boot_thread_has_values_and_exits<P: Platform>() {
    create::<P>(log);
    use_and_exit::<P>(1);
    use_and_exit::<P>(2);
    CALLS.expect(&[1, 2]);
    delete::<P>();
}

/// An idle thread has values and can run the exit hook.
pub(super) fn idle_thread_has_values_and_exits<P: Platform>() {
    create::<P>(log);
    P::on_idle_thread(use_and_exit::<P>, 3);
    CALLS.expect(&[3]);
    delete::<P>();
}

/// A hundred threads alive at once, each with values under its keys; each destructor runs once for each thread.
pub(super) fn hundred_threads_alive_with_values<P: Platform>() {
    const THREADS: usize = 100;
    create::<P>(log);
    let other = P::space().create(None).unwrap();
    let alive = Counter::new();
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        set::<P>(thread + 1);
        // SAFETY: the key has no destructor.
        unsafe { P::space().set(other, value(1000 + thread)) }.unwrap();
        alive.add();
        wait_until::<P>(|| alive.get() == THREADS);
        assert_eq!(P::space().get(KEY.get()), value(thread + 1));
        assert_eq!(P::space().get(other), value(1000 + thread));
    });
    assert_eq!(CALLS.len(), THREADS);
    assert!((1..=THREADS).all(|number| CALLS.count(number) == 1));
    P::space().delete(other).unwrap();
    delete::<P>();
}

/// A thread control block that the next thread gets reads NULL under every key, and notes no earlier exit.
pub(super) fn next_threads_find_nothing_of_earlier_ones<P: Platform>() {
    create::<P>(log);
    let other = P::space().create(None).unwrap();
    for threads in [1, 4, 2, 8, 3, 1, 16, 5] {
        CALLS.clear();
        in_threads::<P, _>(threads, Start::default(), |thread| {
            assert!(P::space().get(KEY.get()).is_null());
            assert!(P::space().get(other).is_null());
            assert!(!P::slots().is_exiting());
            set::<P>(thread + 1);
            // SAFETY: the key has no destructor.
            unsafe { P::space().set(other, value(99)) }.unwrap();
        });
        assert_eq!(CALLS.len(), threads);
    }
    P::space().delete(other).unwrap();
    delete::<P>();
}

/// Each resource that threads take is given back by a destructor, once, and by the thread that took it.
pub(super) fn what_threads_take_is_given_back<P: Platform>() {
    const RESOURCES: usize = 16;
    static TAKEN: [AtomicBool; RESOURCES] = [const { AtomicBool::new(false) }; RESOURCES];
    static GIVEN_BACK: Counter = Counter::new();
    unsafe extern "C-unwind" fn give_back(value: *mut c_void) {
        GIVEN_BACK.add();
        assert!(TAKEN[value.addr() - 1].swap(false, SeqCst), "given back twice");
    }

    GIVEN_BACK.set(0);
    create::<P>(give_back);
    for _ in 0..10 {
        in_threads::<P, _>(RESOURCES, Start::default(), |_| {
            let number =
                TAKEN.iter().position(|taken| !taken.swap(true, SeqCst)).expect("as many resources as threads");
            set::<P>(number + 1);
            P::yield_now();
            assert_eq!(P::space().get(KEY.get()), value(number + 1));
        });
        assert!(TAKEN.iter().all(|taken| !taken.load(SeqCst)));
    }
    assert_eq!(GIVEN_BACK.get(), 10 * RESOURCES);
    delete::<P>();
}

/// The smallest stack that the platform allows is enough for an exit with everything in it.
pub(super) fn smallest_stack_runs_the_whole_exit<P: Platform>() {
    unsafe extern "C-unwind" fn again<P: Platform>(number: *mut c_void) {
        CALLS.add(2);
        set::<P>(number.addr());
    }

    /// As many as the log has room for.
    const SET: usize = if KEYS < 100 { KEYS } else { 100 };

    CALLS.clear();
    let mut keys = [Key::default(); SET];
    for key in &mut keys {
        *key = P::space().create(Some(log)).unwrap();
    }
    P::space().delete(keys[0]).unwrap();
    KEY.put(P::space().create(Some(again::<P>)).unwrap());
    keys[0] = KEY.get();
    in_threads::<P, _>(1, Start { smallest_stack: true, ..Start::default() }, |_| {
        for &key in &keys {
            // SAFETY: both destructors take any number.
            unsafe { P::space().set(key, value(1)) }.unwrap();
        }
        for _ in 0..EXIT_FUNCTIONS {
            // SAFETY: the function takes any number.
            unsafe { P::space().at_thread_exit(log, value(3)) }.unwrap();
        }
    });
    let rounds = tsd::DEFAULT_ROUNDS as usize;
    assert_eq!((CALLS.count(1), CALLS.count(2), CALLS.count(3)), (SET - 1, rounds, EXIT_FUNCTIONS));
    for key in keys {
        P::space().delete(key).unwrap();
    }
}
