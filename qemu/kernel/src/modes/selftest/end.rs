//! How threads end.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst},
};

use tsd::Once;

use super::threads::{join, spawn};
use crate::core::{
    port::SPACE,
    scheduler::{
        sleep::{self, Semaphore},
        stack,
        thread::{self, Cancel, Error, Options, Outcome},
    },
};

const MS: u64 = 1_000_000;

/// A destructor that counts its calls in the value.
unsafe extern "C-unwind" fn count_call(value: *mut c_void) {
    // SAFETY: The values in this file are pointers to atomics that outlive the threads.
    unsafe { &*value.cast::<AtomicUsize>() }.fetch_add(1, SeqCst);
}

/// Sets the value of `key`, handed over as a number, to a counter.
fn set_counter(key: usize, counter: &'static AtomicUsize) {
    let value = core::ptr::from_ref(counter).cast_mut().cast();
    // SAFETY: `count_call` takes such a pointer.
    unsafe { SPACE.set(tsd::Key::from_raw(key as u32), value) }.expect("the key lives");
}

pub(super) fn destructors_run_before_the_joiner() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);

    let key = SPACE.create(Some(count_call)).expect("a free key");
    let entry = |key| {
        set_counter(key, &CALLS);
        0
    };
    for round in 1..=20 {
        let stack_bytes = if round % 2 == 0 { stack::USUAL_BYTES } else { stack::SMALLEST_BYTES };
        let options = Options { stack_bytes, ..Options::new("sets") };
        let id = thread::spawn(options, entry, key.raw() as usize).expect("room");
        let ended = thread::join(id).expect("nobody else joins it");
        assert_eq!((ended.outcome, ended.report.calls), (Outcome::Returned(0), 1));
        assert_eq!(CALLS.load(SeqCst), round);
    }
    SPACE.delete(key).expect("the key lives");
}

pub(super) fn control_blocks_are_used_again() {
    let first = spawn("first", |n| n, 1);
    assert_eq!(join(first), Outcome::Returned(1));
    for n in 0..10_000 {
        let next = spawn("next", |n| n, n);
        assert_eq!((next.index, next == first), (first.index, false));
        assert_eq!(join(next), Outcome::Returned(n));
    }
    assert_eq!(thread::join(first).unwrap_err(), Error::NoSuchThread);
}

pub(super) fn a_detached_thread_leaves_nothing() {
    static ENDED: AtomicU32 = AtomicU32::new(0);
    static GO: Semaphore = Semaphore::new(0);

    fn end_later(_: usize) -> usize {
        GO.acquire();
        ENDED.fetch_add(1, SeqCst);
        0
    }
    let from_start = Options { detached: true, ..Options::new("detached") };
    let from_start = thread::spawn(from_start, end_later, 0).expect("room");
    let later = spawn("detached later", end_later, 0);
    thread::detach(later).expect("nobody joins it");
    assert_eq!(thread::join(from_start).unwrap_err(), Error::NotJoinable);
    assert_eq!(thread::join(later).unwrap_err(), Error::NotJoinable);
    GO.release();
    GO.release();
    while thread::state(from_start).is_some() || thread::state(later).is_some() {
        thread::yield_now();
    }
    assert_eq!(ENDED.load(SeqCst), 2);

    let after_end = spawn("detached after its end", |_| 0, 0);
    while thread::state(after_end) != Some(crate::core::scheduler::thread_table::State::Ended) {
        thread::yield_now();
    }
    thread::detach(after_end).expect("nobody joins it");
    assert!(thread::state(after_end).is_none());
}

pub(super) fn a_thread_is_joined_once() {
    static GO: Semaphore = Semaphore::new(0);

    let target = spawn(
        "target",
        |_| {
            GO.acquire();
            7
        },
        0,
    );
    let packed = usize::from(target.index) | (target.generation as usize) << 16;
    let joiner = |packed: usize| {
        let target = thread::ThreadId { index: packed as u16, generation: (packed >> 16) as u32 };
        usize::from(join(target) == Outcome::Returned(7))
    };
    let joiner = spawn("joiner", joiner, packed);
    sleep::sleep_ns(3 * MS);
    assert_eq!(thread::join(target).unwrap_err(), Error::NotJoinable);
    assert_eq!(thread::join(thread::current_id()).unwrap_err(), Error::Itself);
    GO.release();
    assert_eq!(join(joiner), Outcome::Returned(1));
}

pub(super) fn kill_wakes_a_sleeper() {
    static CLEANED: AtomicUsize = AtomicUsize::new(0);
    static CALLS: AtomicUsize = AtomicUsize::new(0);

    fn sleep(key: usize) -> usize {
        // The last one registered runs first: (0 + 3) * 5.
        thread::cleanup_push(
            |n| {
                CLEANED.fetch_update(SeqCst, SeqCst, |sum| Some(sum * n)).ok();
            },
            5,
        )
        .expect("room");
        thread::cleanup_push(
            |n| {
                CLEANED.fetch_add(n, SeqCst);
            },
            3,
        )
        .expect("room");
        set_counter(key, &CALLS);
        sleep::sleep_ns(3_600_000 * MS);
        0
    }
    let key = SPACE.create(Some(count_call)).expect("a free key");
    let id = spawn("sleeps for an hour", sleep, key.raw() as usize);
    sleep::sleep_ns(3 * MS);
    thread::kill(id).expect("it lives");
    assert_eq!(join(id), Outcome::Killed);
    assert_eq!((CLEANED.load(SeqCst), CALLS.load(SeqCst)), (15, 1));
    assert_eq!(thread::kill(id), Err(Error::NoSuchThread));
    SPACE.delete(key).expect("the key lives");
}

pub(super) fn kill_waits_for_a_safe_point() {
    static STEP: AtomicU32 = AtomicU32::new(0);

    fn obey_late(_: usize) -> usize {
        thread::set_cancel(Cancel::Disabled);
        STEP.store(1, SeqCst);
        sleep::sleep_ns(8 * MS);
        thread::yield_now();
        STEP.store(2, SeqCst);
        thread::set_cancel(Cancel::Deferred);
        STEP.store(3, SeqCst);
        thread::test_cancel();
        STEP.store(4, SeqCst);
        0
    }
    let id = spawn("obeys late", obey_late, 0);
    while STEP.load(SeqCst) == 0 {
        thread::yield_now();
    }
    thread::kill(id).expect("it lives");
    assert_eq!(join(id), Outcome::Killed);
    assert_eq!(STEP.load(SeqCst), 3);
}

pub(super) fn kill_ends_a_loop() {
    static RUNS: AtomicBool = AtomicBool::new(false);
    static CALLS: AtomicUsize = AtomicUsize::new(0);

    fn loop_for_ever(key: usize) -> usize {
        set_counter(key, &CALLS);
        thread::set_cancel(Cancel::Asynchronous);
        RUNS.store(true, SeqCst);
        loop {
            core::hint::spin_loop();
        }
    }
    let key = SPACE.create(Some(count_call)).expect("a free key");
    let id = spawn("loops", loop_for_ever, key.raw() as usize);
    while !RUNS.load(SeqCst) {
        thread::yield_now();
    }
    thread::kill(id).expect("it lives");
    assert_eq!(join(id), Outcome::Killed);
    assert_eq!(CALLS.load(SeqCst), 1);
    SPACE.delete(key).expect("the key lives");
}

/// A thread that is killed while it initialises leaves the control as if never called, and one that
/// waits for it initialises instead.
pub(super) fn kill_gives_once_back() {
    static CONTROL: Once = Once::new();
    static RAN: AtomicU32 = AtomicU32::new(0);

    fn hang(_: usize) -> usize {
        SPACE.once(&CONTROL, || sleep::sleep_ns(3_600_000 * MS)).expect("a thread runs");
        0
    }
    fn initialise(_: usize) -> usize {
        SPACE
            .once(&CONTROL, || {
                RAN.fetch_add(1, SeqCst);
            })
            .expect("a thread runs");
        0
    }
    let first = spawn("hangs", hang, 0);
    sleep::sleep_ns(3 * MS);
    let second = spawn("initialises", initialise, 0);
    sleep::sleep_ns(3 * MS);
    assert_eq!((RAN.load(SeqCst), CONTROL.is_complete()), (0, false));
    thread::kill(first).expect("it lives");
    assert_eq!(join(first), Outcome::Killed);
    assert_eq!(join(second), Outcome::Returned(0));
    assert_eq!((RAN.load(SeqCst), CONTROL.is_complete()), (1, true));
}
