//! Thread control blocks that are taken into use: as new, or not.

use core::ffi::c_void;
use core::mem::MaybeUninit;

use tsd::{Error, Notifications, Slots};

use crate::{
    Counter, Platform, Start, exit_of, in_threads,
    local::{Local, exit_space},
    value,
};

/// A thread attaches once; a second time is refused until its exit.
pub(super) fn attach_twice_is_refused<P: Platform>() {
    // The platform attached the thread when it started it.
    let _ = exit_of::<P>(|| {
        assert_eq!(P::space().attach(), Err(Error::NotInitialised));
        let _ = P::exit();
        assert_eq!(P::space().attach(), Ok(()));
        assert_eq!(P::space().attach(), Err(Error::NotInitialised));
    });
}

/// A thread control block that is taken into use again with no exit between is refused.
pub(super) fn reuse_without_exit_is_refused<P: Platform>() {
    let space = Local::<8>::new(Notifications::new()).into_space();
    for _ in 0..3 {
        space.attach().unwrap();
        let key = space.create(None).unwrap();
        // SAFETY: the key has no destructor.
        unsafe { space.set(key, value(1)) }.unwrap();
        assert_eq!(space.attach(), Err(Error::NotInitialised));
        let _ = exit_space(&space);
        space.delete(key).unwrap();
    }
}

/// A thread that exits is attached by nobody: its exit would have to detach it again, and again.
pub(super) fn refused_inside_an_exit<P: Platform>() {
    static REFUSED: Counter = Counter::new();

    unsafe extern "C-unwind" fn attaches<P: Platform>(_: *mut c_void) {
        assert_eq!(P::space().attach(), Err(Error::NotInitialised));
        REFUSED.add();
    }

    REFUSED.set(0);
    let key = P::space().create(Some(attaches::<P>)).unwrap();
    in_threads::<P, _>(1, Start::default(), |_| {
        // SAFETY: the function and the destructor take anything.
        unsafe {
            P::space().set(key, value(1)).unwrap();
            P::space().at_thread_exit(attaches::<P>, value(1)).unwrap();
        }
    });
    assert_eq!(REFUSED.get(), 2);
    P::space().delete(key).unwrap();
}

/// Memory full of ones that nobody initialised is refused.
pub(super) fn uninitialised_memory_is_refused<P: Platform>() {
    let mut local = MaybeUninit::new(Local::<8>::new(Notifications::new()));
    // SAFETY: the slots are integers and pointers, for which all bits are allowed.
    let local = unsafe {
        (&raw mut (*local.as_mut_ptr()).slots).cast::<u8>().write_bytes(0xff, size_of::<Slots<8>>());
        local.assume_init()
    };
    let space = local.into_space();
    assert_eq!(space.attach(), Err(Error::NotInitialised));
}

/// A value that was left in memory which nobody initialised is found in debug builds, though the thread's other words
/// are as new. It can't be read in any build: its key's tag is not there.
pub(super) fn left_over_value_is_refused_in_debug_builds<P: Platform>() {
    let mut local = MaybeUninit::new(Local::<8>::new(Notifications::new()));
    // SAFETY: the slots are integers and pointers, for which all bits are allowed. The second word is the first value.
    let local = unsafe {
        (&raw mut (*local.as_mut_ptr()).slots).cast::<usize>().add(1).write(0x5a);
        local.assume_init()
    };
    let space = local.into_space();
    let expected = if cfg!(debug_assertions) { Err(Error::NotInitialised) } else { Ok(()) };
    assert_eq!(space.attach(), expected);
    assert!(space.get(space.create(None).unwrap()).is_null());
    let _ = exit_space(&space);
}
