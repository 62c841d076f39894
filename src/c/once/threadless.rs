//! The frames of initialisers that run where no thread is current, such as in early boot.
//!
//! A thread's frames are linked from its slots. These are linked from here, those of all CPUs in one list, and told
//! apart by their addresses: the unwinder runs on the stack that it unwinds, below the frames that are left there, so
//! the nearest frame above is the innermost one of this stack.
//!
//! A spin lock guards the list. It is held for a few steps, never while an initialiser runs, and no interrupt handler
//! wants it: those call `tsd_once` for completed controls only. A kernel whose threads are all known never comes here
//! but to see that the list is empty.

use core::ptr;
use core::sync::atomic::{
    AtomicPtr,
    Ordering::{Acquire, Relaxed, Release},
};

use super::Frame;
use crate::sync::AtomicU32;

const FREE: u32 = 0;
const LOCKED: u32 = 1;
static LOCK: AtomicU32 = AtomicU32::new(FREE);
/// Guarded by the lock, but for looks at whether there is any.
static FIRST: AtomicPtr<Frame> = AtomicPtr::new(ptr::null_mut());

/// Adds a frame.
///
/// # Safety
///
/// It is on no list, and stays valid until it is removed.
pub(super) unsafe fn add(frame: *mut Frame) {
    with_lock(|| {
        // Relaxed, here and below: under the lock.
        // SAFETY: the caller's word.
        unsafe { (*frame).next = FIRST.load(Relaxed) };
        FIRST.store(frame, Relaxed);
    });
}

/// Removes a frame if it is on the list.
pub(super) fn remove(frame: *mut Frame) {
    // Relaxed: this CPU has added it, if anybody has, so the list is not seen empty.
    if !FIRST.load(Relaxed).is_null() {
        with_lock(|| unlink(frame));
    }
}

/// Removes the innermost frame of the stack that the caller runs on.
pub(super) fn take_innermost() -> Option<*mut Frame> {
    let here = 0_u8;
    with_lock(|| {
        let above = frames().filter(|frame| frame.addr() > (&raw const here).addr());
        let innermost = above.min_by_key(|frame| frame.addr());
        innermost.inspect(|&frame| unlink(frame))
    })
}

/// Under the lock.
fn unlink(frame: *mut Frame) {
    let before = frames().find(|&before| {
        // SAFETY: frames on the list are valid.
        unsafe { (*before).next == frame }
    });
    // SAFETY: as above; if it is first or has one before it, it is on the list itself.
    unsafe {
        match before {
            Some(before) => (*before).next = (*frame).next,
            None if FIRST.load(Relaxed) == frame => FIRST.store((*frame).next, Relaxed),
            None => {}
        }
    }
}

/// Under the lock.
fn frames() -> impl Iterator<Item = *mut Frame> {
    let or_end = |frame: *mut Frame| Some(frame).filter(|frame| !frame.is_null());
    // SAFETY: frames on the list are valid.
    core::iter::successors(or_end(FIRST.load(Relaxed)), move |&frame| or_end(unsafe { (*frame).next }))
}

fn with_lock<T>(work: impl FnOnce() -> T) -> T {
    // Acquire: what the last holder wrote is visible. Release, below: pairs with it.
    while LOCK.swap(LOCKED, Acquire) == LOCKED {
        core::hint::spin_loop();
    }
    let result = work();
    LOCK.store(FREE, Release);
    result
}
