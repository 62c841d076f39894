//! Which threads run destructors, and when they are complete: killed, detached, joined, boot and idle threads.

use core::ffi::c_void;

use crate::{Counter, KeyCell, Platform, Start, value, wait_until};

/// A thread that is killed runs its destructors, and they are complete before a joiner returns.
pub(super) fn killed_thread_runs_destructors<P: Platform>() {
    static KEY: KeyCell = KeyCell::new();
    static READY: Counter = Counter::new();
    static CALLS: Counter = Counter::new();
    unsafe extern "C-unwind" fn destructor<P: Platform>(_: *mut c_void) {
        P::sleep_ms(2);
        CALLS.add();
    }

    READY.set(0);
    CALLS.set(0);
    KEY.put(P::space().create(Some(destructor::<P>)).unwrap());
    let thread = P::start(
        Start::default(),
        |_| {
            // SAFETY: the destructor does not follow the pointer.
            unsafe { P::space().set(KEY.get(), value(1)) }.unwrap();
            READY.add();
            loop {
                P::sleep_ms(1);
            }
        },
        0,
    );
    wait_until::<P>(|| READY.get() == 1);
    P::kill(&thread);
    P::join(thread);
    assert_eq!(CALLS.get(), 1);
    P::space().delete(KEY.get()).unwrap();
}
