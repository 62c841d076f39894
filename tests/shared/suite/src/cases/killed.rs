//! Threads that are killed: wherever it finds them, their exit is whole.

use core::ffi::c_void;
use core::ptr;

use crate::{Counter, KeyCell, Log, Platform, Start, value, wait_until};

static KEY: KeyCell = KeyCell::new();
static READY: Counter = Counter::new();
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

fn create<P: Platform>(destructor: tsd::Destructor) {
    READY.set(0);
    CALLS.clear();
    KEY.put(P::space().create(Some(destructor)).unwrap());
}

fn set<P: Platform>(number: usize) {
    // SAFETY: every destructor in this file takes any number.
    unsafe { P::space().set(KEY.get(), value(number)) }.unwrap();
}

/// Starts a thread, waits until it says that it is ready, kills and joins it.
fn kill_when_ready<P: Platform>(body: fn(usize), argument: usize) {
    let thread = P::start(Start::default(), body, argument);
    wait_until::<P>(|| READY.get() != 0);
    P::kill(&thread);
    P::join(thread);
}

/// A thread that is killed runs its destructors, and they are complete before a joiner returns.
pub(super) fn killed_thread_runs_destructors<P: Platform>() {
    unsafe extern "C-unwind" fn destructor<P: Platform>(value: *mut c_void) {
        P::sleep_ms(2);
        CALLS.add(value.addr());
    }
    fn body<P: Platform>(number: usize) {
        set::<P>(number);
        READY.add();
        loop {
            P::sleep_ms(1);
        }
    }

    create::<P>(destructor::<P>);
    kill_when_ready::<P>(body::<P>, 1);
    CALLS.expect(&[1]);
    P::space().delete(KEY.get()).unwrap();
}

/// A thread that never calls the kernel can be killed too.
pub(super) fn busy_thread_runs_destructors<P: Platform>() {
    fn body<P: Platform>(number: usize) {
        set::<P>(number);
        READY.add();
        loop {
            core::hint::spin_loop();
        }
    }

    create::<P>(log);
    kill_when_ready::<P>(body::<P>, 2);
    CALLS.expect(&[2]);
    P::space().delete(KEY.get()).unwrap();
}

/// A thread that is killed in a destructor completes its exit: that destructor and all others run to their end.
pub(super) fn killed_in_a_destructor_completes_its_exit<P: Platform>() {
    static OTHER: KeyCell = KeyCell::new();
    unsafe extern "C-unwind" fn destructor<P: Platform>(value: *mut c_void) {
        READY.add();
        for _ in 0..20 {
            P::sleep_ms(1);
        }
        CALLS.add(value.addr());
    }
    fn body<P: Platform>(number: usize) {
        set::<P>(number);
        // SAFETY: the destructor takes any number.
        unsafe { P::space().set(OTHER.get(), value(number + 1)) }.unwrap();
    }

    create::<P>(destructor::<P>);
    OTHER.put(P::space().create(Some(destructor::<P>)).unwrap());
    kill_when_ready::<P>(body::<P>, 3);
    CALLS.expect(&[3, 4]);
    P::space().delete(OTHER.get()).unwrap();
    P::space().delete(KEY.get()).unwrap();
}

/// A thread that is killed at any moment between get and set has one of the values that it set, which its destructor
/// gets once.
pub(super) fn killed_between_get_and_set<P: Platform>() {
    unsafe extern "C-unwind" fn destructor(value: *mut c_void) {
        assert_eq!(value.addr() % 8, 5, "a value that no thread set");
        CALLS.add(1);
    }
    fn body<P: Platform>(_: usize) {
        set::<P>(5);
        READY.add();
        loop {
            let before = P::space().get(KEY.get()).addr();
            set::<P>(before + 8);
            assert_eq!(P::space().get(KEY.get()).addr(), before + 8);
        }
    }

    create::<P>(destructor);
    for round in 1..=20 {
        READY.set(0);
        kill_when_ready::<P>(body::<P>, 0);
        assert_eq!(CALLS.len(), round);
    }
    P::space().delete(KEY.get()).unwrap();
}

/// A thread that is killed as soon as it was started can be joined; if it set a value, the destructor got it.
pub(super) fn killed_as_soon_as_started<P: Platform>() {
    fn body<P: Platform>(number: usize) {
        set::<P>(number);
        READY.add();
    }

    create::<P>(log);
    for _ in 0..20 {
        let thread = P::start(Start::default(), body::<P>, 6);
        P::kill(&thread);
        P::join(thread);
    }
    assert!(CALLS.len() >= READY.get() && CALLS.len() <= 20);
    P::space().delete(KEY.get()).unwrap();
}

/// Killing a thread that has ended does nothing.
pub(super) fn killed_after_its_end<P: Platform>() {
    fn body<P: Platform>(number: usize) {
        set::<P>(number);
    }

    create::<P>(log);
    let thread = P::start(Start::default(), body::<P>, 7);
    wait_until::<P>(|| !CALLS.is_empty());
    P::sleep_ms(5);
    P::kill(&thread);
    P::join(thread);
    CALLS.expect(&[7]);
    // SAFETY: NULL gets no destructor.
    unsafe { P::space().set(KEY.get(), ptr::null_mut()) }.unwrap();
    P::space().delete(KEY.get()).unwrap();
}
