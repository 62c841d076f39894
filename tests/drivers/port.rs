//! A port that gives no more than it must: no lists, no way to sleep, and at times no thread.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use tsd::{
    Error, Event, ExitFlags, ExitFunctionList, ExitFunctions, ExitReport, Key, KeyOptions, KeySpace, KeyTable,
    Notifications, Once, Port, SharedKey, Slots, StaticKey, TypedKey, raw, raw::OnceFrame,
};

/// The least of a port.
struct Least;

thread_local! {
    static SLOTS: &'static Slots<2> = Box::leak(Box::default());
    /// As in an interrupt handler, or in early boot.
    static NO_THREAD: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: the slots are the thread's own, are never freed, and are used with one space.
unsafe impl Port for Least {
    type Slots = Slots<2>;

    unsafe fn current(&self) -> Option<&Slots<2>> {
        (!NO_THREAD.get()).then(|| SLOTS.with(|slots| *slots))
    }
}

// SAFETY: the slots of the threads that use it are used with no other.
static SPACE: KeySpace<Least> = unsafe { KeySpace::with_table(Least, KeyTable::<2>::new().with_rounds(2)) };

/// The calling thread's exit.
fn exit() -> ExitReport {
    // SAFETY: the values are numbers, and no test is in an initialiser.
    unsafe { SPACE.exit() }
}

unsafe extern "C-unwind" fn nothing(_argument: *mut std::ffi::c_void) {}

#[test]
fn without_lists_there_is_nothing_to_register_in() {
    thread::spawn(|| {
        SPACE.attach().unwrap();
        // SAFETY: the function does nothing.
        assert_eq!(unsafe { SPACE.at_thread_exit(nothing, ptr::null_mut()) }, Err(Error::NoThread));
        // SAFETY: there are none.
        assert_eq!(unsafe { SPACE.run_exit_functions() }, 0);
        let report = exit();
        assert_eq!((report.flags, report.functions), (ExitFlags::empty(), 0));
    })
    .join()
    .unwrap();
}

#[test]
fn where_no_thread_is_current_nothing_is_read_or_stored() {
    let key = SPACE.create(None).unwrap();
    NO_THREAD.set(true);
    assert!(SPACE.get(key).is_null());
    // SAFETY: the key has no destructor.
    assert_eq!(unsafe { SPACE.set(key, ptr::without_provenance_mut(1)) }, Err(Error::NoThread));
    assert_eq!(SPACE.attach(), Err(Error::NoThread));
    // SAFETY: there are none.
    assert_eq!(unsafe { SPACE.run_exit_functions() }, 0);
    assert_eq!(exit().flags, ExitFlags::NO_THREAD);
    let mut report = ExitReport::default();
    // SAFETY: as in `exit`.
    unsafe { raw::exit_into(&SPACE, &mut report) };
    assert_eq!(report.flags, ExitFlags::NO_THREAD);
    // There is no initialiser that these could mean.
    let control = Once::new();
    // SAFETY: no initialiser runs.
    assert!(!unsafe { raw::abandon_once(&SPACE) });
    // SAFETY: as above.
    assert!(!unsafe { SPACE.cancel_once(&control) });
    NO_THREAD.set(false);
    assert!(SPACE.get(key).is_null());
    SPACE.delete(key).unwrap();
}

/// An initialiser is known by its frame, also when its stack has become a thread's meanwhile.
#[test]
fn where_no_thread_is_current_an_initialiser_is_known_by_its_frame() {
    let [control, other] = [const { Once::new() }; 2];
    let [mut frame, mut left] = [const { OnceFrame::new() }; 2];
    for becomes_thread in [false, true] {
        // SAFETY: the frames outlive the initialisers; the ones that are given up do not go on.
        unsafe {
            // What the stack held before: a frame inside another.
            assert_eq!(raw::begin_once(&SPACE, &other, &mut left), Ok(true));
            assert_eq!(raw::begin_once(&SPACE, &control, &mut frame), Ok(true));
            assert!(raw::abandon_once(&SPACE) && SPACE.cancel_once(&other));

            NO_THREAD.set(true);
            assert_eq!(raw::begin_once(&SPACE, &control, &mut frame), Ok(true));
            assert_eq!(SPACE.once(&control, || ()), Err(Error::NoThread));
            NO_THREAD.set(!becomes_thread);
            assert!(!raw::abandon_once(&SPACE));
            raw::abandon_once_frame(&SPACE, &frame);
        }
        NO_THREAD.set(false);
        // SAFETY: the thread is in no initialiser.
        assert!(!unsafe { raw::abandon_once(&SPACE) });
    }
    assert_eq!(SPACE.once(&control, || ()), Ok(()));
}

#[test]
fn an_exit_that_fills_a_report_is_an_exit() {
    thread::spawn(|| {
        let key = SPACE.create(Some(nothing)).unwrap();
        // SAFETY: the destructor does nothing.
        unsafe { SPACE.set(key, ptr::without_provenance_mut(1)) }.unwrap();
        let mut report = ExitReport::default();
        // SAFETY: as in `exit`.
        unsafe { raw::exit_into(&SPACE, &mut report) };
        assert_eq!((report.calls, report.rounds), (1, 1));
        assert_eq!(report.left_over_keys, []);
        assert_ne!(report.left_over_keys, [key]);
        let mut idle = ExitReport::default();
        // SAFETY: as in `exit`.
        unsafe { raw::exit_into(&SPACE, &mut idle) };
        assert_eq!((idle.calls, idle.flags), (0, ExitFlags::empty()));
        SPACE.delete(key).unwrap();
    })
    .join()
    .unwrap();
}

#[test]
fn a_waiter_with_no_scheduler_spins_until_the_initialiser_is_done() {
    static ONCE: Once = Once::new();
    static BEGUN: AtomicBool = AtomicBool::new(false);
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let first = thread::spawn(|| {
        let initialise = || {
            BEGUN.store(true, SeqCst);
            thread::sleep(Duration::from_millis(50));
            RUNS.fetch_add(1, SeqCst);
        };
        SPACE.once(&ONCE, initialise).unwrap();
    });
    while !BEGUN.load(SeqCst) {
        thread::yield_now();
    }
    SPACE.once(&ONCE, || unreachable!("it is running")).unwrap();
    assert_eq!(RUNS.load(SeqCst), 1);
    first.join().unwrap();
}

#[test]
fn where_nobody_can_sleep_a_waiter_waits_for_the_word_to_change() {
    static WORD: AtomicU32 = AtomicU32::new(1);
    let waiter = thread::spawn(|| Least.wait(&WORD, 1));
    thread::sleep(Duration::from_millis(50));
    assert!(!waiter.is_finished());
    WORD.store(2, SeqCst);
    waiter.join().unwrap();
    // A word that has changed before is not waited for.
    let late = thread::spawn(|| Least.wait(&WORD, 1));
    late.join().unwrap();
}

/// A port whose threads sleep, and which counts how often.
#[derive(Default)]
struct Counting {
    queue: Mutex<()>,
    woken: Condvar,
    waits: AtomicU32,
}

// SAFETY: as above; each test that uses it has threads of its own.
unsafe impl Port for Counting {
    type Slots = Slots<2>;

    unsafe fn current(&self) -> Option<&Slots<2>> {
        // SAFETY: this is one call of the library's as well.
        unsafe { Least.current() }.map(|slots| {
            // SAFETY: the slots are never freed.
            unsafe { &*ptr::from_ref(slots) }
        })
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        self.waits.fetch_add(1, SeqCst);
        let queue = self.queue.lock().unwrap();
        drop(self.woken.wait_while(queue, |()| word.load(SeqCst) == expected).unwrap());
    }

    fn wake(&self, _word: &AtomicU32) {
        drop(self.queue.lock().unwrap());
        self.woken.notify_all();
    }
}

#[test]
fn each_waiter_sleeps_once() {
    const WAITERS: u32 = 3;
    // SAFETY: its threads are for it alone.
    let space = unsafe { KeySpace::new(Counting::default()) };
    let (once, begun) = (Once::new(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let initialise = || {
                begun.store(true, SeqCst);
                let patience = Instant::now() + Duration::from_secs(10);
                while space.port().waits.load(SeqCst) < WAITERS && Instant::now() < patience {
                    thread::yield_now();
                }
                // Time enough for a waiter that does not sleep to come back.
                thread::sleep(Duration::from_millis(50));
            };
            space.once(&once, initialise).unwrap();
        });
        while !begun.load(SeqCst) {
            thread::yield_now();
        }
        for _ in 0..WAITERS {
            scope.spawn(|| space.once(&once, || unreachable!("it is running")).unwrap());
        }
    });
    assert_eq!(space.port().waits.load(SeqCst), WAITERS);
}

#[test]
fn a_space_that_is_made_at_run_time_is_one() {
    unsafe extern "C-unwind" fn sets_again(value: *mut std::ffi::c_void) {
        let table = TABLE.get().expect("it has been set");
        let key = table.keys().next().expect("it has a static key").key;
        SLOTS.with(|slots| {
            // SAFETY: the destructor takes any value.
            unsafe { table.set(slots, key, value) }.unwrap();
        });
    }
    static TABLE: OnceLock<&KeyTable<2>> = OnceLock::new();
    thread::spawn(|| {
        let rounds = 3;
        let keys = Box::leak(Box::new([StaticKey::new(0, KeyOptions::default().destructor(sets_again))]));
        let table = KeyTable::<2>::new().with_rounds(rounds).with_static_keys(keys);
        // SAFETY: this thread's slots are used with no other.
        let space = Box::leak(Box::new(unsafe { KeySpace::with_table(Least, table) }));
        assert!(TABLE.set(space.table()).is_ok());
        // SAFETY: the destructor takes any value, and the slots are used with this space alone.
        unsafe { space.set(keys[0].key(), ptr::without_provenance_mut(1)) }.unwrap();
        // SAFETY: the values are numbers.
        let report = unsafe { space.exit() };
        assert_eq!((report.rounds, report.calls, report.left_over), (rounds, rounds, 1));
        assert_eq!(report.flags, ExitFlags::LEFT_OVER);
    })
    .join()
    .unwrap();
}

#[test]
fn a_static_key_that_the_slots_have_no_room_for_is_never_set() {
    const BEYOND: StaticKey = StaticKey::new(2, KeyOptions::new());
    let slots = Slots::<2>::new();
    // SAFETY: the key has no destructor.
    unsafe { BEYOND.set(&slots, ptr::without_provenance_mut(1)) };
    assert!(BEYOND.get(&slots).is_null());
    assert!(slots.is_idle());
}

#[test]
fn defaults_are_what_new_makes() {
    let table = KeyTable::<2>::default();
    assert_eq!((table.in_use(), table.create(None).is_ok()), (0, true));
    assert_eq!(format!("{:?}", OnceFrame::default()), format!("{:?}", OnceFrame::new()));
    assert!(!Once::default().is_complete());
    assert_eq!(format!("{:?}", KeyOptions::default()), format!("{:?}", KeyOptions::new()));
    assert_eq!(format!("{:?}", Notifications::<2>::default()), format!("{:?}", Notifications::<2>::new()));
    assert!(tsd::ExitFunctions::<2>::default().as_list().is_empty());
}

/// A port with no lists, whose one thread is the caller: first the one that dies, then the one that reaps it.
struct Mortal(Slots<2>);

// SAFETY: the thread that died never goes on, and the other one reaps it.
unsafe impl Port for Mortal {
    type Slots = Slots<2>;

    unsafe fn current(&self) -> Option<&Slots<2>> {
        Some(&self.0)
    }
}

#[test]
fn a_thread_that_died_in_its_exit_is_reaped_where_there_are_no_lists() {
    unsafe extern "C-unwind" fn dies(begun: *mut std::ffi::c_void) {
        // SAFETY: it is the flag below, which is never freed.
        unsafe { &*begun.cast::<AtomicBool>() }.store(true, SeqCst);
        loop {
            thread::park();
        }
    }

    // SAFETY: the slots are the port's own.
    let space: &'static KeySpace<Mortal> = Box::leak(Box::new(unsafe { KeySpace::new(Mortal(Slots::new())) }));
    let begun: &'static AtomicBool = Box::leak(Box::default());
    let keys = [dies, nothing].map(|destructor| space.create(Some(destructor)).unwrap());
    for key in keys {
        // SAFETY: the destructors take the flag.
        unsafe { space.set(key, ptr::from_ref(begun).cast_mut().cast()) }.unwrap();
    }
    // SAFETY: the thread does nothing else.
    thread::spawn(|| unsafe { space.exit() });
    while !begun.load(SeqCst) {
        thread::yield_now();
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    // SAFETY: the thread that died is parked for ever.
    thread::spawn(move || sender.send(unsafe { space.reap() }));
    let report = receiver.recv_timeout(Duration::from_secs(20)).expect("it ends");
    assert_eq!((report.flags, report.interrupted, report.calls), (ExitFlags::INTERRUPTED, keys[0], 1));
}

/// A port that wants to know what happens.
struct Curious;

thread_local! {
    static CURIOUS: &'static (Slots<4>, ExitFunctions<1>) = Box::leak(Box::new((Slots::new(), ExitFunctions::new())));
    static EVENTS: Cell<Vec<Event>> = const { Cell::new(Vec::new()) };
}

fn note(event: Event) {
    let mut events = EVENTS.take();
    events.push(event);
    EVENTS.set(events);
}

// SAFETY: as above; nothing runs in an interrupt.
unsafe impl Port for Curious {
    type Slots = Slots<4>;

    const TRACE: Option<fn(Event)> = Some(note);

    unsafe fn current(&self) -> Option<&Slots<4>> {
        CURIOUS.with(|thread| Some(&thread.0))
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        CURIOUS.with(|thread| Some(thread.1.as_list()))
    }
}

// SAFETY: the slots of the threads that use it are used with no other.
static TOLD: KeySpace<Curious> = unsafe { KeySpace::with_table(Curious, KeyTable::<4>::new().with_rounds(2)) };
static STUBBORN: AtomicU32 = AtomicU32::new(0);

unsafe extern "C-unwind" fn set_again(value: *mut std::ffi::c_void) {
    // SAFETY: this destructor takes anything.
    unsafe { TOLD.set(Key::from_raw(STUBBORN.load(SeqCst)), value) }.unwrap();
}

#[test]
fn port_is_told_of_each_event_once() {
    let one = ptr::without_provenance_mut(1);
    let control = Once::new();
    let address = ptr::from_ref(&control).addr();
    TOLD.attach().unwrap();
    let stubborn = TOLD.create(Some(set_again)).unwrap();
    STUBBORN.store(stubborn.raw(), SeqCst);
    let last = TOLD.create_with(KeyOptions::new().destructor(nothing).last_phase()).unwrap();
    let plain = TOLD.create(None).unwrap();
    let typed = TypedKey::<u8, Curious>::new(&TOLD, KeyOptions::new()).unwrap();
    assert_eq!(TOLD.create(None), Err(Error::TableFull));
    assert_eq!(TypedKey::<u8, Curious>::new(&TOLD, KeyOptions::new()).err(), Some(Error::TableFull));
    static LATE: SharedKey<&'static mut AtomicU32, Curious> = SharedKey::new(&TOLD);
    assert_eq!(LATE.with_or_init(|| Box::leak(Box::default()), |_| ()), Err(Error::TableFull));
    let typed_key =
        TOLD.table().keys().map(|info| info.key).find(|key| ![stubborn, last, plain].contains(key)).unwrap();
    // SAFETY: the destructors take anything.
    unsafe {
        TOLD.set(plain, ptr::null_mut()).unwrap();
        for key in [stubborn, stubborn, last, plain] {
            TOLD.set(key, one).unwrap();
        }
        TOLD.at_thread_exit(nothing, one).unwrap();
    }
    assert_eq!((typed.replace(1), typed.replace(2)), (Ok(None), Ok(Some(1))));
    TOLD.once(&control, || ()).unwrap();
    TOLD.once(&control, || ()).unwrap();
    // SAFETY: the values are numbers, and the test is in no initialiser.
    let report = unsafe { TOLD.exit() };
    assert_eq!((report.rounds, report.last_phase_rounds, report.calls, report.left_over), (2, 1, 3, 1));
    TOLD.delete(plain).unwrap();
    assert_eq!(TOLD.delete(plain), Err(Error::DeletedKey));
    drop(typed);

    let round = |round, last_phase, key, calls| {
        let begin = [Event::RoundBegan { round, last_phase }, Event::DestructorBegan(key)];
        begin.into_iter().chain([Event::DestructorEnded(key), Event::RoundEnded { calls }])
    };
    let mut expected = vec![Event::Attached];
    expected.extend([stubborn, last, plain, typed_key].map(Event::KeyCreated));
    expected.extend([Error::TableFull; 3].map(Event::KeyRefused));
    expected.extend([stubborn, last, plain, typed_key].map(Event::FirstSet));
    expected.push(Event::OnceBegan { control: address });
    expected.push(Event::OnceEnded { control: address, is_complete: true });
    expected.extend([Event::ExitBegan, Event::FunctionBegan, Event::FunctionEnded]);
    // The destructor's own `set` is the first in its round.
    expected.extend(round(1, false, stubborn, 1).chain(round(2, false, stubborn, 1)).chain(round(1, true, last, 1)));
    expected.extend([Event::LeftOver(stubborn), Event::ExitEnded]);
    expected.extend([plain, typed_key].map(Event::KeyDeleted));
    let of_destructor = |pair: &[Event]| pair == [Event::DestructorBegan(stubborn), Event::FirstSet(stubborn)];
    let mut told = EVENTS.take();
    assert_eq!(told.windows(2).filter(|pair| of_destructor(pair)).count(), 2);
    while let Some(at) = told.windows(2).position(of_destructor) {
        told.remove(at + 1);
    }
    // What a look finds that calls nothing is no round.
    while let Some(at) = told.iter().position(|event| *event == Event::RoundEnded { calls: 0 }) {
        assert!(matches!(told[at - 1], Event::RoundBegan { .. }));
        told.drain(at - 1..=at);
    }
    assert_eq!(told, expected);
}
