//! Thread exit: which destructors run, on which values, how often.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::SeqCst};

use tsd::Key;

use crate::{Counter, Platform, Start, in_threads};

/// The value is NULL inside its own destructor, which gets it as its argument.
pub(super) fn value_is_null_in_its_destructor<P: Platform>() {
    static KEY: AtomicU32 = AtomicU32::new(0);
    static SEEN: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
    static CALLS: Counter = Counter::new();
    unsafe extern "C-unwind" fn destructor<P: Platform>(value: *mut c_void) {
        assert!(P::space().get(Key::from_raw(KEY.load(SeqCst))).is_null());
        SEEN.store(value, SeqCst);
        CALLS.add();
    }

    CALLS.set(0);
    let key = P::space().create(Some(destructor::<P>)).unwrap();
    KEY.store(key.raw(), SeqCst);
    let value = (&raw const KEY).cast_mut().cast::<c_void>().expose_provenance();
    in_threads::<P, _>(1, Start::default(), |_| {
        // SAFETY: the destructor does not follow the pointer.
        unsafe { P::space().set(key, ptr::with_exposed_provenance_mut(value)) }.unwrap();
    });
    assert_eq!(SEEN.load(SeqCst).expose_provenance(), value);
    assert_eq!(CALLS.get(), 1);
    P::space().delete(key).unwrap();
}

/// A thread that is killed runs its destructors, and they are complete before a joiner returns.
pub(super) fn killed_thread_runs_destructors<P: Platform>() {
    static KEY: AtomicU32 = AtomicU32::new(0);
    static READY: Counter = Counter::new();
    static CALLS: Counter = Counter::new();
    unsafe extern "C-unwind" fn destructor<P: Platform>(_: *mut c_void) {
        P::sleep_ms(2);
        CALLS.add();
    }

    READY.set(0);
    CALLS.set(0);
    let key = P::space().create(Some(destructor::<P>)).unwrap();
    KEY.store(key.raw(), SeqCst);
    let thread = P::start(
        Start::default(),
        |_| {
            // SAFETY: the destructor does not follow the pointer.
            unsafe { P::space().set(Key::from_raw(KEY.load(SeqCst)), ptr::dangling_mut()) }.unwrap();
            READY.add();
            loop {
                P::sleep_ms(1);
            }
        },
        0,
    );
    crate::wait_until::<P>(|| READY.get() == 1);
    P::kill(&thread);
    P::join(thread);
    assert_eq!(CALLS.get(), 1);
    P::space().delete(key).unwrap();
}
