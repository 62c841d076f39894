//! One-time initialisation: one runs, nobody returns before it is complete, and a control outlives its initialiser.

use crate::atomic::{AtomicUsize, Ordering::Relaxed};
use core::ffi::c_void;
use core::mem::MaybeUninit;

use tsd::{Error, Notifications, Once, raw, raw::OnceFrame};

use crate::{
    Counter, KeyCell, Line, Loan, Log, Platform, Priority, Start, in_threads,
    local::{Local, exit_space},
    value, wait_until,
};

/// The control of the case that runs.
static CONTROL: Loan<Once> = Loan::new();
static READY: Counter = Counter::new();
static RELEASE: Counter = Counter::new();

fn control() -> &'static Once {
    // SAFETY: a case lends it and joins every thread that uses it.
    unsafe { CONTROL.get() }
}

/// Lends a control to threads and clears this file's counters.
fn lend(control: &Once) {
    CONTROL.lend(control);
    READY.set(0);
    RELEASE.set(0);
}

/// Sees that a control is as if never called: the next call runs its initialiser.
#[track_caller]
fn expect_never_called<P: Platform>(control: &Once) {
    assert!(!control.is_complete());
    let runs = Counter::new();
    P::space().once(control, || runs.set(1)).unwrap();
    assert_eq!(runs.get(), 1);
    assert!(control.is_complete());
}

/// The initialiser runs at the first call and at no other.
pub(super) fn initialiser_runs_once<P: Platform>() {
    let control = Once::new();
    let runs = Counter::new();
    assert!(!control.is_complete());
    for _ in 0..3 {
        P::space()
            .once(&control, || {
                assert!(!control.is_complete());
                runs.add();
            })
            .unwrap();
        assert!(control.is_complete());
    }
    assert_eq!(runs.get(), 1);
}

/// Memory of zero bytes is a control that was never called.
pub(super) fn zero_bytes_are_a_new_control<P: Platform>() {
    // SAFETY: all zero bytes are a valid control, says `Once`.
    expect_never_called::<P>(&unsafe { MaybeUninit::<Once>::zeroed().assume_init() });
}

/// Many threads arrive at once: one runs the initialiser, and nobody returns before it is complete.
pub(super) fn nobody_returns_before_it_is_complete<P: Platform>() {
    const THREADS: usize = 6;
    const CONTROLS: usize = 20;
    let controls = [const { Once::new() }; CONTROLS];
    let data = [const { AtomicUsize::new(0) }; CONTROLS];
    let runs = Counter::new();
    let line = Line::new();
    in_threads::<P, _>(THREADS, Start::default(), |_| {
        for (control, data) in controls.iter().zip(&data) {
            line.meet::<P>(THREADS);
            P::space()
                .once(control, || {
                    runs.add();
                    P::sleep_ms(1);
                    // Relaxed: the control is what makes it visible.
                    data.store(1, Relaxed);
                })
                .unwrap();
            assert_eq!(data.load(Relaxed), 1);
        }
    });
    assert_eq!(runs.get(), CONTROLS);
}

/// A call from the control's own initialiser is an error and not a hang; the initialiser goes on.
pub(super) fn recursion_is_detected<P: Platform>() {
    let [outer, inner] = [const { Once::new() }; 2];
    let space = P::space();
    let result = space.once(&outer, || {
        assert_eq!(space.once(&outer, || unreachable!()), Err(Error::Recursion));
        // Through another control too.
        let result = space.once(&inner, || {
            assert_eq!(space.once(&outer, || unreachable!()), Err(Error::Recursion));
            assert_eq!(space.once(&inner, || unreachable!()), Err(Error::Recursion));
        });
        assert_eq!(result, Ok(()));
        assert_eq!(space.once(&inner, || unreachable!()), Ok(()));
        assert_eq!(space.once(&outer, || unreachable!()), Err(Error::Recursion));
    });
    assert_eq!(result, Ok(()));
    assert!(outer.is_complete() && inner.is_complete());
    assert_eq!(Error::Recursion.errno(), tsd::errno::EDEADLK);
}

/// The initialiser of one control waits for a thread that runs another control: no lock is shared.
pub(super) fn initialiser_waits_for_another_control<P: Platform>() {
    let [one, other] = [const { Once::new() }; 2];
    let order = Log::new();
    in_threads::<P, _>(2, Start::default(), |thread| {
        if thread == 0 {
            P::space()
                .once(&one, || {
                    order.add(1);
                    wait_until::<P>(|| other.is_complete());
                    order.add(3);
                })
                .unwrap();
        } else {
            wait_until::<P>(|| order.count(1) == 1);
            P::space().once(&other, || order.add(2)).unwrap();
        }
    });
    order.expect(&[1, 2, 3]);
}

/// Sets up a control whose first initialiser ends its thread in `give_up`; others wait for it meanwhile. One of them
/// takes over, and all return.
fn waiter_takes_over<P: Platform>(give_up: fn(usize), then: impl Fn(&P::Thread) + Sync) {
    let control = Once::new();
    lend(&control);
    let thread = P::start(Start::default(), give_up, 0);
    wait_until::<P>(|| READY.get() == 1);
    let runs = Counter::new();
    let arrived = Counter::new();
    in_threads::<P, _>(4, Start::default(), |number| {
        if number == 0 {
            wait_until::<P>(|| arrived.get() == 3);
            // Long enough that the others wait; if they do not yet, the case is only easier.
            P::sleep_ms(3);
            RELEASE.add();
            then(&thread);
        } else {
            arrived.add();
            P::space()
                .once(&control, || {
                    runs.add();
                })
                .unwrap();
            assert_eq!(runs.get(), 1);
        }
    });
    P::join(thread);
    assert!(control.is_complete());
}

/// A thread that ends itself in the initialiser leaves the control as if never called.
pub(super) fn thread_that_ends_in_the_initialiser_gives_back<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        let _ = P::space().once(control(), || P::exit_thread());
    }

    let control = Once::new();
    lend(&control);
    for _ in 0..3 {
        P::join(P::start(Start::default(), body::<P>, 0));
        assert!(!control.is_complete());
    }
    expect_never_called::<P>(&control);
}

/// The same with others waiting: one of them takes over.
pub(super) fn waiter_takes_over_from_a_thread_that_ends<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        let _ = P::space().once(control(), || {
            READY.add();
            wait_until::<P>(|| RELEASE.get() == 1);
            P::exit_thread();
        });
    }
    waiter_takes_over::<P>(body::<P>, |_| ());
}

/// A thread that is killed in the initialiser leaves the control as if never called; a waiter takes over.
pub(super) fn waiter_takes_over_from_a_killed_thread<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        let _ = P::space().once(control(), || {
            READY.add();
            loop {
                P::sleep_ms(1);
            }
        });
    }
    waiter_takes_over::<P>(body::<P>, |thread| P::kill(thread));
}

/// A thread that is killed in an initialiser in an initialiser leaves both controls as if never called.
pub(super) fn killed_in_nested_initialisers<P: Platform>() {
    static INNER: Loan<Once> = Loan::new();
    fn body<P: Platform>(_: usize) {
        let _ = P::space().once(control(), || {
            // SAFETY: the case keeps it until this thread is joined.
            let _ = P::space().once(unsafe { INNER.get() }, || {
                READY.add();
                loop {
                    P::sleep_ms(1);
                }
            });
        });
    }

    let [outer, inner] = [const { Once::new() }; 2];
    lend(&outer);
    INNER.lend(&inner);
    let thread = P::start(Start::default(), body::<P>, 0);
    wait_until::<P>(|| READY.get() == 1);
    P::kill(&thread);
    P::join(thread);
    [&outer, &inner].into_iter().for_each(expect_never_called::<P>);
}

/// A thread that is killed while it waits goes on waiting: it does not end before the initialiser is complete.
pub(super) fn waiting_is_no_cancellation_point<P: Platform>() {
    static KEY: KeyCell = KeyCell::new();
    static ENDED: Counter = Counter::new();
    unsafe extern "C-unwind" fn ended(_: *mut c_void) {
        assert!(control().is_complete(), "a waiter ended before the initialiser was complete");
        ENDED.add();
    }
    fn initialise<P: Platform>(_: usize) {
        P::space()
            .once(control(), || {
                READY.add();
                wait_until::<P>(|| RELEASE.get() == 1);
            })
            .unwrap();
    }
    fn wait<P: Platform>(_: usize) {
        // SAFETY: the destructor does not follow the pointer.
        unsafe { P::space().set(KEY.get(), value(1)) }.unwrap();
        READY.add();
        P::space().once(control(), || unreachable!()).unwrap();
    }

    let control = Once::new();
    lend(&control);
    ENDED.set(0);
    KEY.put(P::space().create(Some(ended)).unwrap());
    let initialiser = P::start(Start::default(), initialise::<P>, 0);
    wait_until::<P>(|| READY.get() == 1);
    let waiter = P::start(Start::default(), wait::<P>, 0);
    wait_until::<P>(|| READY.get() == 2);
    // Long enough that it waits. A kill before that would end it at once, and the case would prove nothing; so the
    // waiter has nothing between its mark and the wait.
    P::sleep_ms(20);
    P::kill(&waiter);
    P::sleep_ms(20);
    assert_eq!(ENDED.get(), 0, "a waiter ended before the initialiser was complete");
    RELEASE.add();
    P::join(initialiser);
    P::join(waiter);
    assert_eq!(ENDED.get(), 1);
    P::space().delete(KEY.get()).unwrap();
}

/// On one CPU, a waiter of high priority lets an initialiser of low priority finish, with one of normal priority
/// between them.
pub(super) fn high_priority_waits_for_low<P: Platform>() {
    fn initialise<P: Platform>(_: usize) {
        P::space()
            .once(control(), || {
                READY.add();
                // Runs all the time, so that only its priority decides.
                while READY.get() < 3 {
                    core::hint::spin_loop();
                }
            })
            .unwrap();
    }
    fn wait<P: Platform>(_: usize) {
        READY.add();
        P::space().once(control(), || unreachable!()).unwrap();
        assert!(control().is_complete());
    }

    let control = Once::new();
    lend(&control);
    let on_one_cpu = |priority| Start { priority, cpu: Some(0), ..Start::default() };
    let low = P::start(on_one_cpu(Priority::Low), initialise::<P>, 0);
    wait_until::<P>(|| READY.get() == 1);
    let normal = P::start(on_one_cpu(Priority::Normal), wait::<P>, 0);
    let high = P::start(on_one_cpu(Priority::High), wait::<P>, 0);
    P::join(high);
    P::join(normal);
    P::join(low);
    assert_eq!(READY.get(), 3);
}

/// An initialiser that panics leaves the control as if never called, and no frame of it stays linked.
pub(super) fn panic_in_the_initialiser_gives_back<P: Platform>() {
    fn body<P: Platform>(_: usize) {
        let _ = P::space().once(control(), || panic!("on purpose"));
    }

    let control = Once::new();
    lend(&control);
    for _ in 0..2 {
        assert!(P::panics(body::<P>, 0));
        assert!(!control.is_complete());
    }
    // Were the frame still linked, this would be taken for recursion.
    expect_never_called::<P>(&control);
}

/// The same with others waiting: one of them takes over.
pub(super) fn waiter_takes_over_from_a_panic<P: Platform>() {
    fn initialise<P: Platform>(_: usize) {
        let _ = P::space().once(control(), || {
            READY.add();
            wait_until::<P>(|| RELEASE.get() == 1);
            panic!("on purpose");
        });
    }
    fn body<P: Platform>(_: usize) {
        assert!(P::panics(initialise::<P>, 0));
    }
    waiter_takes_over::<P>(body::<P>, |_| ());
}

/// An initialiser in two halves, for callers that run it themselves: the same rules.
pub(super) fn begin_and_end<P: Platform>() {
    let space = Local::<3>::new(Notifications::new()).into_space();
    let control = Once::new();
    let [mut frame, mut other] = [OnceFrame::new(), OnceFrame::new()];
    // SAFETY: the frames outlive the initialiser, which ends in the order of its beginning.
    unsafe {
        assert_eq!(raw::begin_once(&space, &control, &mut frame), Ok(true));
        assert!(!control.is_complete());
        assert_eq!(raw::begin_once(&space, &control, &mut other), Err(Error::Recursion));
        raw::end_once(&space, &frame);
        assert!(control.is_complete());
        assert_eq!(raw::begin_once(&space, &control, &mut other), Ok(false));
    }
    assert_eq!(space.once(&control, || unreachable!()), Ok(()));
}

/// An exception that leaves an initialiser gives back the innermost control, and no other.
pub(super) fn abandon_gives_back_the_innermost<P: Platform>() {
    let space = Local::<3>::new(Notifications::new()).into_space();
    let [outer, inner] = [const { Once::new() }; 2];
    let [mut outer_frame, mut inner_frame] = [OnceFrame::new(), OnceFrame::new()];
    // SAFETY: the frames outlive the initialisers, which end in the order of their beginnings.
    unsafe {
        assert_eq!(raw::begin_once(&space, &outer, &mut outer_frame), Ok(true));
        for _ in 0..2 {
            assert_eq!(raw::begin_once(&space, &inner, &mut inner_frame), Ok(true));
            raw::abandon_once(&space);
            assert!(!inner.is_complete());
        }
        assert_eq!(raw::begin_once(&space, &outer, &mut inner_frame), Err(Error::Recursion));
        raw::end_once(&space, &outer_frame);
    }
    assert!(outer.is_complete());
    // SAFETY: in no initialiser, there is nothing to give back.
    unsafe { raw::abandon_once(&space) };
    assert!(outer.is_complete());
}

/// Cancelling gives back the control that is named and those begun inside it, and no other.
pub(super) fn cancel_gives_back_what_is_inside<P: Platform>() {
    let space = Local::<3>::new(Notifications::new()).into_space();
    let [outer, middle, inner, other] = [const { Once::new() }; 4];
    let mut frames = [const { OnceFrame::new() }; 4];
    // SAFETY: the frames outlive the initialisers. Those that are cancelled do not go on.
    unsafe {
        for (control, frame) in [&outer, &middle, &inner].into_iter().zip(&mut frames) {
            assert_eq!(raw::begin_once(&space, control, frame), Ok(true));
        }
        assert!(!space.cancel_once(&other));
        assert_eq!(raw::begin_once(&space, &inner, &mut frames[3]), Err(Error::Recursion));
        assert!(space.cancel_once(&middle));
        assert!(!space.cancel_once(&middle) && !space.cancel_once(&inner));
        assert_eq!(raw::begin_once(&space, &outer, &mut frames[3]), Err(Error::Recursion));
        for control in [&middle, &inner] {
            assert!(!control.is_complete());
            assert_eq!(space.once(control, || ()), Ok(()));
            assert!(control.is_complete() && !space.cancel_once(control));
        }
        raw::end_once(&space, &frames[0]);
    }
    assert!(outer.is_complete() && !other.is_complete());
}

/// Thread exit gives back every control whose initialiser the thread is in.
pub(super) fn exit_gives_back_every_control<P: Platform>() {
    let space = Local::<3>::new(Notifications::new()).into_space();
    let controls = [const { Once::new() }; 3];
    let mut frames = [const { OnceFrame::new() }; 3];
    for (control, frame) in controls.iter().zip(&mut frames) {
        // SAFETY: the frames stay until the exit below.
        assert_eq!(unsafe { raw::begin_once(&space, control, frame) }, Ok(true));
    }
    assert_eq!(exit_space(&space).calls, 0);
    for control in &controls {
        assert!(!control.is_complete());
        let runs = Counter::new();
        space.once(control, || runs.set(1)).unwrap();
        assert_eq!(runs.get(), 1);
    }
}
