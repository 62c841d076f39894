//! The list of the threads that have set an Fls value. All of it is under the family's lock.
//!
//! Invariant: the pointers forward are right between any two instructions, since a thread joins and leaves by one
//! store. Those back, and the one to the last thread, say the same whenever the lock is free; after a thread was killed
//! under it, [`repair`] makes them say so again. A thread that is on no list has itself for the one before, and NULL
//! while it has nothing to do with the family.

use core::ptr;
use core::sync::atomic::{
    AtomicPtr,
    Ordering::{Relaxed, Release},
};

use crate::thread::Thread;

/// The first thread.
static FIRST: AtomicPtr<Thread> = AtomicPtr::new(ptr::null_mut());

/// The last thread.
static LAST: AtomicPtr<Thread> = AtomicPtr::new(ptr::null_mut());

/// What the first thread has before it: no thread has this address.
const HEAD: *const Thread = ptr::without_provenance(1);

// Relaxed in all of this file, but where a store makes a change happen: under the lock. That store is a Release, which
// neither the compiler nor the CPU moves in front of what it depends on: a thread may be killed after any instruction.

/// Each thread, the one that joined last first.
pub(super) fn threads() -> impl Iterator<Item = &'static Thread> {
    let mut next = FIRST.load(Relaxed);
    core::iter::from_fn(move || {
        // SAFETY: NULL or a thread on the list, which leaves it, under the lock, before its block goes away.
        let thread = unsafe { next.as_ref() }?;
        next = thread.fls.next.load(Relaxed);
        Some(thread)
    })
}

/// Whether there is none. Exact for threads that neither join nor leave meanwhile.
pub(super) fn is_empty() -> bool {
    FIRST.load(Relaxed).is_null()
}

/// Whether the calling thread is on the list.
pub(super) fn has(thread: &Thread) -> bool {
    let before = thread.fls.before.load(Relaxed);
    !before.is_null() && !ptr::eq(before, thread)
}

/// Notes that a thread is on no list.
pub(super) fn mark_off(thread: &Thread) {
    // Release: see `fls::enter`.
    thread.fls.before.store(ptr::from_ref(thread).cast_mut(), Release);
}

/// Puts the calling thread on the list if it is not there.
pub(super) fn join(thread: &'static Thread) {
    if has(thread) {
        return;
    }
    let next = FIRST.load(Relaxed);
    thread.fls.next.store(next, Relaxed);
    thread.fls.before.store(HEAD.cast_mut(), Relaxed);
    note_before(next, thread);
    pointer_behind(HEAD).store(ptr::from_ref(thread).cast_mut(), Release);
}

/// Takes a thread off the list, which it must be on.
pub(super) fn leave(thread: &Thread) {
    unlink(thread.fls.before.load(Relaxed), thread.fls.next.load(Relaxed));
    mark_off(thread);
}

/// Takes the thread at this address off the list, if it is there. What it is between is found from both ends of the
/// list, so that its memory may hold anything.
pub(super) fn remove(block: *const Thread) {
    let mut before = HEAD;
    let mut thread = FIRST.load(Relaxed).cast_const();
    while !ptr::eq(thread, block) {
        // SAFETY: as in `threads`.
        let Some(other) = (unsafe { thread.as_ref() }) else { return };
        before = thread;
        thread = other.fls.next.load(Relaxed);
    }
    let mut next = ptr::null();
    thread = LAST.load(Relaxed);
    while !ptr::eq(thread, block) {
        next = thread;
        // SAFETY: as in `threads`; `block` is on the list, and so is each thread after it.
        thread = unsafe { &*thread }.fls.before.load(Relaxed);
    }
    unlink(before, next);
}

/// Makes the pointers back agree with those forward again.
pub(super) fn repair() {
    let last = threads().fold(HEAD, |before, thread| {
        note_before(thread, before);
        thread
    });
    note_before(ptr::null(), last);
}

/// Makes `next` what follows `before`.
fn unlink(before: *const Thread, next: *const Thread) {
    pointer_behind(before).store(next.cast_mut(), Release);
    note_before(next, before);
}

/// The pointer to the thread after another one, or after `HEAD`.
fn pointer_behind(before: *const Thread) -> &'static AtomicPtr<Thread> {
    // SAFETY: as in `threads`.
    if ptr::eq(before, HEAD) { &FIRST } else { unsafe { &(*before).fls.next } }
}

/// Notes what comes before a thread, or before the end of the list, which is NULL.
fn note_before(thread: *const Thread, before: *const Thread) {
    // SAFETY: as in `threads`.
    let pointer = unsafe { thread.as_ref() }.map_or(&LAST, |thread| &thread.fls.before);
    pointer.store(before.cast_mut(), Relaxed);
}
