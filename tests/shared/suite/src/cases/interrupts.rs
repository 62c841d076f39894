//! Calls from interrupt handlers, with and without a current thread.

use core::ffi::c_void;

use tsd::{Error, ExitFlags, Key, Once};

use crate::{Counter, KeyCell, Loan, Log, Platform, Start, exit_of, in_threads, value};

static KEYS: [KeyCell; 2] = [const { KeyCell::new() }; 2];
static CONTROL: Loan<Once> = Loan::new();
/// How often a handler ran to its end: a handler that is not called must not pass for one that succeeds.
static HANDLED: Counter = Counter::new();
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn log(value: *mut c_void) {
    CALLS.add(value.addr());
}

fn create<P: Platform>() -> [Key; 2] {
    HANDLED.set(0);
    CALLS.clear();
    for cell in &KEYS {
        cell.put(P::space().create(Some(log)).unwrap());
    }
    KEYS.each_ref().map(KeyCell::get)
}

fn delete<P: Platform>() {
    for cell in &KEYS {
        P::space().delete(cell.get()).unwrap();
    }
}

fn set<P: Platform>(key: Key, number: usize) {
    // SAFETY: the destructor only logs the value.
    unsafe { P::space().set(key, value(number)) }.unwrap();
}

/// A handler reads the values of the thread that it interrupts, and what it sets is that thread's.
pub(super) fn handler_uses_the_interrupted_threads_values<P: Platform>() {
    fn handler<P: Platform>(number: usize) {
        assert_eq!(P::space().get(KEYS[0].get()), value(number));
        assert!(P::space().get(KEYS[1].get()).is_null());
        set::<P>(KEYS[0].get(), number + 100);
        set::<P>(KEYS[1].get(), number + 200);
        HANDLED.add();
    }

    let keys = create::<P>();
    in_threads::<P, _>(4, Start::default(), |thread| {
        set::<P>(keys[0], thread + 1);
        P::interrupt(handler::<P>, thread + 1);
        assert_eq!(P::space().get(keys[0]), value(thread + 101));
        assert_eq!(P::space().get(keys[1]), value(thread + 201));
    });
    assert_eq!(HANDLED.get(), 4);
    assert_eq!(CALLS.len(), 8);
    delete::<P>();
}

/// A handler creates, uses and deletes keys; one that it leaves is the thread's to use.
pub(super) fn handler_creates_and_deletes_keys<P: Platform>() {
    fn handler<P: Platform>(_: usize) {
        let key = P::space().create(None).unwrap();
        set::<P>(key, 5);
        assert_eq!(P::space().get(key), value(5));
        P::space().delete(key).unwrap();
        P::space().delete(KEYS[0].get()).unwrap();
        KEYS[0].put(P::space().create(Some(log)).unwrap());
        HANDLED.add();
    }

    let keys = create::<P>();
    let report = exit_of::<P>(|| {
        set::<P>(keys[0], 1);
        P::interrupt(handler::<P>, 0);
        assert!(P::space().get(keys[0]).is_null());
        assert!(P::space().get(KEYS[0].get()).is_null());
        set::<P>(KEYS[0].get(), 2);
    });
    assert_eq!((HANDLED.get(), report.calls), (1, 1));
    CALLS.expect(&[2]);
    delete::<P>();
}

/// A handler registers a thread-exit function for the thread that it interrupts.
pub(super) fn handler_registers_an_exit_function<P: Platform>() {
    fn handler<P: Platform>(number: usize) {
        // SAFETY: the function only logs its argument.
        unsafe { P::space().at_thread_exit(log, value(number)) }.unwrap();
        HANDLED.add();
    }

    create::<P>();
    let report = exit_of::<P>(|| P::interrupt(handler::<P>, 7));
    assert_eq!((HANDLED.get(), report.functions), (1, 1));
    CALLS.expect(&[7]);
    delete::<P>();
}

/// A handler that interrupts a destructor sets values: they are destroyed in the same exit.
pub(super) fn handler_sets_values_in_a_destructor<P: Platform>() {
    fn handler<P: Platform>(_: usize) {
        set::<P>(KEYS[0].get(), 20);
        set::<P>(KEYS[1].get(), 21);
        assert_eq!(P::exit().flags, ExitFlags::ALREADY_EXITING);
        HANDLED.add();
    }
    unsafe extern "C-unwind" fn destructor<P: Platform>(_: *mut c_void) {
        P::interrupt(handler::<P>, 0);
    }

    create::<P>();
    let interrupted = P::space().create(Some(destructor::<P>)).unwrap();
    let report = exit_of::<P>(|| set::<P>(interrupted, 1));
    assert_eq!((HANDLED.get(), report.calls, report.left_over), (1, 3, 0));
    CALLS.expect(&[20, 21]);
    P::space().delete(interrupted).unwrap();
    delete::<P>();
}

/// A handler that calls a control whose initialiser it interrupts is told so and does not hang; a completed one is no
/// matter.
pub(super) fn handler_calls_once<P: Platform>() {
    fn handler<P: Platform>(_: usize) {
        // SAFETY: the case keeps it.
        let control = unsafe { CONTROL.get() };
        let expected = if control.is_complete() { Ok(()) } else { Err(Error::Recursion) };
        assert_eq!(P::space().once(control, || unreachable!()), expected);
        HANDLED.add();
    }

    HANDLED.set(0);
    let control = Once::new();
    CONTROL.lend(&control);
    P::space().once(&control, || P::interrupt(handler::<P>, 0)).unwrap();
    P::interrupt(handler::<P>, 0);
    assert_eq!(HANDLED.get(), 2);
}

/// Where the kernel says that no thread is current, get gives NULL and the others a defined error; keys can be
/// created and deleted.
pub(super) fn no_current_thread<P: Platform>() {
    fn handler<P: Platform>(_: usize) {
        let space = P::space();
        let key = KEYS[0].get();
        assert!(space.get(key).is_null());
        // SAFETY: the calls are refused.
        unsafe {
            assert_eq!(space.set(key, value(2)), Err(Error::NoThread));
            assert_eq!(space.at_thread_exit(log, value(3)), Err(Error::NoThread));
        }
        assert_eq!(space.attach(), Err(Error::NoThread));
        let report = P::exit();
        assert_eq!((report.flags, report.calls, report.functions), (ExitFlags::NO_THREAD, 0, 0));
        let new = space.create(None).unwrap();
        assert!(space.get(new).is_null());
        space.delete(new).unwrap();
        HANDLED.add();
    }

    let keys = create::<P>();
    let report = exit_of::<P>(|| {
        set::<P>(keys[0], 1);
        P::interrupt_no_thread(handler::<P>, 0);
        assert_eq!(P::space().get(keys[0]), value(1));
    });
    assert_eq!((HANDLED.get(), report.calls, report.functions), (1, 1, 0));
    CALLS.expect(&[1]);
    assert_eq!(Error::NoThread.errno(), tsd::errno::ESRCH);
    delete::<P>();
}

/// Without a current thread, a control that nobody has called can be run; one that runs is an error and not a hang.
pub(super) fn once_without_a_current_thread<P: Platform>() {
    fn handler<P: Platform>(running: usize) {
        // SAFETY: the case keeps it.
        let control = unsafe { CONTROL.get() };
        if running == 1 {
            assert_eq!(P::space().once(control, || unreachable!()), Err(Error::NoThread));
        } else {
            let ran = Counter::new();
            assert_eq!(P::space().once(control, || ran.set(1)), Ok(()));
            assert_eq!(ran.get(), 1);
            assert_eq!(P::space().once(control, || unreachable!()), Ok(()));
        }
        HANDLED.add();
    }

    HANDLED.set(0);
    let [fresh, running] = [const { Once::new() }; 2];
    CONTROL.lend(&fresh);
    P::interrupt_no_thread(handler::<P>, 0);
    assert!(fresh.is_complete());
    CONTROL.lend(&running);
    P::space().once(&running, || P::interrupt_no_thread(handler::<P>, 1)).unwrap();
    assert!(running.is_complete());
    assert_eq!(HANDLED.get(), 2);
}
