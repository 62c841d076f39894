//! A number of the last error for each thread, in the slot itself: no memory, no destructor, and no key to create.
//!
//! `errno` is read and written by every call, also before a thread has done anything else. So it is a static key: the
//! number is one load away from the thread pointer.

mod kernel;

use kernel::{Kernel, println, run_thread};

tsd::static_keys! {
    // SAFETY: the only key space of these threads.
    static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };

    static ERRNO: OwnedKey<i16>;
}

/// The calling thread's number; 0 where it has none, or no thread is current.
fn errno() -> i16 {
    ERRNO.get().unwrap_or(0)
}

/// Changes it. Where no thread is current there is nobody who would ask for it.
fn set_errno(number: i16) {
    let _ = ERRNO.replace(number);
}

/// A call that may fail, as a C library has them: -1, and the reason in `errno`.
fn close(file: i32) -> i32 {
    if file < 3 {
        return 0;
    }
    set_errno(tsd::errno::EINVAL as i16);
    -1
}

pub(crate) fn main() {
    let fails = || {
        assert_eq!((errno(), close(9)), (0, -1));
        assert_eq!(i32::from(errno()), tsd::errno::EINVAL);
    };
    let report = run_thread(&KEYS, || {
        fails();
        // Another thread has its own number.
        assert_eq!(run_thread(&KEYS, fails).calls, 0);
        assert_eq!((close(0), i32::from(errno())), (0, tsd::errno::EINVAL));
        set_errno(0);
        assert_eq!(errno(), 0);
    });
    // A number needs no destructor.
    assert_eq!(report.calls, 0);
    println!("each thread had an errno of its own");
}
