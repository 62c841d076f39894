//! Attach and detach notifications.

use core::ffi::c_void;

use tsd::{Error, KeySpace, Notification, NotificationList, Notifications, Port, Reason, Slots};

use crate::{
    Counter, KeyCell, Log, NOTIFICATIONS, Platform, Start, exit_of, in_threads,
    local::{Local, exit_space},
    value,
};

static KEY: KeyCell = KeyCell::new();
static EVENTS: Log = Log::new();

/// How a notification is logged: its number, and whether a thread attached or detached.
fn event(reason: Reason, context: *mut c_void) -> usize {
    context.addr() * 10 + reason as usize
}

extern "C-unwind" fn log(reason: Reason, context: *mut c_void) {
    EVENTS.add(event(reason, context));
}

const fn logging(number: usize) -> Notification {
    Notification { function: log, context: core::ptr::without_provenance_mut(number) }
}

static LOGGING: [Notification; NOTIFICATIONS + 1] =
    [logging(1), logging(2), logging(3), logging(4), logging(5), logging(6), logging(7), logging(8), logging(9)];

/// Attach goes in the order of registration and detach in reverse, each once for a thread.
pub(super) fn attach_in_order_detach_in_reverse<P: Platform>() {
    EVENTS.clear();
    for notification in &LOGGING[..3] {
        P::notifications().register(notification).unwrap();
    }
    in_threads::<P, _>(1, Start::default(), |_| {
        EVENTS.expect(&[12, 22, 32]);
    });
    EVENTS.expect(&[12, 22, 32, 33, 23, 13]);
    for notification in &LOGGING[..3] {
        assert!(P::notifications().unregister(notification));
    }
    in_threads::<P, _>(1, Start::default(), |_| ());
    assert_eq!(EVENTS.len(), 6);
}

/// What is registered last comes last, though it is kept where another one was.
pub(super) fn order_is_that_of_registration<P: Platform>() {
    EVENTS.clear();
    for notification in &LOGGING[..3] {
        P::notifications().register(notification).unwrap();
    }
    assert!(P::notifications().unregister(&LOGGING[0]));
    P::notifications().register(&LOGGING[3]).unwrap();
    in_threads::<P, _>(1, Start::default(), |_| {
        EVENTS.expect(&[22, 32, 42]);
    });
    EVENTS.expect(&[22, 32, 42, 43, 33, 23]);
    for notification in &LOGGING[1..4] {
        assert!(P::notifications().unregister(notification));
    }
}

/// Notifications that are fixed at link time come before those that are registered.
pub(super) fn fixed_notifications_come_first<P: Platform>() {
    static FIXED: [Notification; 2] = [logging(5), logging(6)];

    EVENTS.clear();
    let space = Local::<8>::new(Notifications::new().with_fixed(&FIXED)).into_space();
    space.port().notifications.register(&LOGGING[0]).unwrap();
    space.attach().unwrap();
    EVENTS.expect(&[52, 62, 12]);
    EVENTS.clear();
    let _ = exit_space(&space);
    EVENTS.expect(&[13, 63, 53]);
    // A second exit has nobody to tell: no thread has attached since.
    let _ = exit_space(&space);
    assert_eq!(EVENTS.len(), 3);
}

/// A detach notification finds every value still there, and what it sets is destroyed; both on the thread itself.
pub(super) fn values_are_readable_at_detach<P: Platform>() {
    unsafe extern "C-unwind" fn destructor(value: *mut c_void) {
        EVENTS.add(value.addr());
    }
    extern "C-unwind" fn told<P: Platform>(reason: Reason, _: *mut c_void) {
        let seen = P::space().get(KEY.get()).addr();
        EVENTS.add(seen);
        let number = if reason == Reason::ThreadAttach { 70 } else { seen + 1 };
        // SAFETY: the destructor takes any number.
        unsafe { P::space().set(KEY.get(), value(number)) }.unwrap();
    }

    EVENTS.clear();
    let notification = const { &Notification { function: told::<P>, context: core::ptr::null_mut() } };
    KEY.put(P::space().create(Some(destructor)).unwrap());
    P::notifications().register(notification).unwrap();
    let report = exit_of::<P>(|| {
        // What the attach notification has set is the thread's own.
        assert_eq!(P::space().get(KEY.get()), value(70));
        // SAFETY: the destructor takes any number.
        unsafe { P::space().set(KEY.get(), value(80)) }.unwrap();
    });
    assert!(P::notifications().unregister(notification));
    assert_eq!((report.calls, report.left_over), (1, 0));
    EVENTS.expect(&[0, 80, 81]);
    P::space().delete(KEY.get()).unwrap();
}

/// Detach comes before the thread-exit functions and the destructors.
pub(super) fn detach_comes_first<P: Platform>() {
    unsafe extern "C-unwind" fn destructor(value: *mut c_void) {
        EVENTS.add(value.addr());
    }

    EVENTS.clear();
    KEY.put(P::space().create(Some(destructor)).unwrap());
    P::notifications().register(&LOGGING[0]).unwrap();
    in_threads::<P, _>(1, Start::default(), |_| {
        // SAFETY: both take any number.
        unsafe {
            P::space().set(KEY.get(), value(1002)).unwrap();
            P::space().at_thread_exit(destructor, value(1001)).unwrap();
        }
    });
    assert!(P::notifications().unregister(&LOGGING[0]));
    EVENTS.expect(&[12, 13, 1001, 1002]);
    P::space().delete(KEY.get()).unwrap();
}

/// A full list refuses; a registration that is taken back makes room; what is not registered can't be taken back.
pub(super) fn full_list_refuses<P: Platform>() {
    EVENTS.clear();
    let list = P::notifications();
    for notification in &LOGGING[..NOTIFICATIONS] {
        list.register(notification).unwrap();
    }
    assert_eq!(list.register(&LOGGING[NOTIFICATIONS]), Err(Error::ListFull));
    assert!(!list.unregister(&LOGGING[NOTIFICATIONS]));
    assert!(list.unregister(&LOGGING[3]));
    assert!(!list.unregister(&LOGGING[3]));
    list.register(&LOGGING[NOTIFICATIONS]).unwrap();
    in_threads::<P, _>(1, Start::default(), |_| ());
    assert_eq!(EVENTS.count(42), 0);
    assert_eq!(EVENTS.count((NOTIFICATIONS + 1) * 10 + 2), 1);
    assert_eq!(EVENTS.len(), 2 * NOTIFICATIONS);
    for (number, notification) in LOGGING.iter().enumerate() {
        assert_eq!(list.unregister(notification), number != 3);
    }
}

/// Each of many threads is told of exactly once at its start and once at its end.
pub(super) fn each_thread_is_told_of_once<P: Platform>() {
    const THREADS: usize = 16;
    EVENTS.clear();
    P::notifications().register(&LOGGING[0]).unwrap();
    in_threads::<P, _>(THREADS, Start::default(), |_| {
        // The hook run early: the platform's own call at the thread's end must not tell again.
        let _ = P::exit();
    });
    assert!(P::notifications().unregister(&LOGGING[0]));
    assert_eq!((EVENTS.count(12), EVENTS.count(13)), (THREADS, THREADS));
}

/// No lock is held: a notification registers another, starts a thread, whose notifications are sent too, and joins it.
pub(super) fn notification_starts_and_joins_a_thread<P: Platform>() {
    static DEPTH: Counter = Counter::new();
    extern "C-unwind" fn told<P: Platform>(reason: Reason, context: *mut c_void) {
        if DEPTH.add() == 0 || reason == Reason::ThreadDetach && DEPTH.get() == 4 {
            P::notifications().register(&LOGGING[0]).unwrap();
            in_threads::<P, _>(1, Start::default(), |_| ());
            assert!(P::notifications().unregister(&LOGGING[0]));
        }
        EVENTS.add(event(reason, context));
    }

    DEPTH.set(0);
    EVENTS.clear();
    let notification = const { &Notification { function: told::<P>, context: core::ptr::without_provenance_mut(2) } };
    P::notifications().register(notification).unwrap();
    in_threads::<P, _>(1, Start::default(), |_| ());
    assert!(P::notifications().unregister(notification));
    // Each of the two calls of the outer thread started one that was told of by both notifications.
    assert_eq!((EVENTS.count(22), EVENTS.count(23)), (3, 3));
    assert_eq!((EVENTS.count(12), EVENTS.count(13)), (2, 2));
}

/// A notification that is registered while a thread attaches is for threads that start later, also one that registers
/// itself again.
pub(super) fn registered_while_a_thread_attaches_is_for_later_ones<P: Platform>() {
    static CALLS: Counter = Counter::new();
    static AGAIN: Notification = Notification { function: again, context: core::ptr::null_mut() };
    static LIST: Notifications<2> = Notifications::new();
    extern "C-unwind" fn again(_: Reason, _: *mut c_void) {
        // Not for ever, should it be called for ever.
        if CALLS.add() < 100 {
            assert!(LIST.unregister(&AGAIN));
            LIST.register(&AGAIN).unwrap();
        }
    }

    struct Telling(Slots<8>);
    // SAFETY: the slots are used by the calling thread only, which is the one that the case runs on.
    unsafe impl Port for Telling {
        type Slots = Slots<8>;
        unsafe fn current(&self) -> Option<&Slots<8>> {
            Some(&self.0)
        }
        fn notifications(&self) -> Option<NotificationList<'_>> {
            Some(LIST.as_list())
        }
    }

    CALLS.set(0);
    LIST.register(&AGAIN).unwrap();
    // SAFETY: the slots are those of this key space only.
    let space = unsafe { KeySpace::new(Telling(Slots::new())) };
    space.attach().unwrap();
    assert_eq!(CALLS.get(), 1, "calls in one attach");
    // SAFETY: nothing uses the space afterwards.
    let report = unsafe { space.exit() };
    assert_eq!((CALLS.get(), report.left_over), (2, 0), "calls until the thread has exited");
    assert!(LIST.unregister(&AGAIN));
}

/// A port may give other fixed notifications than those of the static.
pub(super) fn fixed_notifications_can_be_replaced<P: Platform>() {
    static BEFORE: [Notification; 1] = [logging(5)];
    static AFTER: [Notification; 2] = [logging(6), logging(7)];

    EVENTS.clear();
    let notifications = Notifications::<2>::new().with_fixed(&BEFORE);
    notifications.register(&LOGGING[0]).unwrap();
    tsd::raw::detach(&tsd::raw::with_fixed(notifications.as_list(), &AFTER));
    tsd::raw::detach(&notifications.as_list());
    EVENTS.expect(&[13, 73, 63, 13, 53]);
}
