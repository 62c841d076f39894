//! How far a thread's exit has come, as interrupt handlers, destructors and a later reap find it.
//!
//! As in [`slots`](crate::slots), all of it belongs to one thread and the interrupts that stop it.

use core::ffi::c_void;
use core::ptr;

use crate::index::Index;
use crate::key::Key;
use crate::sync::local::{AtomicPtr, AtomicUsize, compiler_fence};
use crate::sync::{Ordering, Relaxed};
use crate::tag::Tag;

/// What `taking` is while a thread-exit function runs, or is about to. The complement of no live tag but the very last.
const IN_FUNCTION: usize = Tag::UNBOUND.word();

/// What thread exit is at.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Progress {
    /// The tag of the slot whose value exit takes, until the value's destructor has returned; the complement of that,
    /// which is no live tag, when the slot was bound again since; [`IN_FUNCTION`]; or 0.
    taking: AtomicUsize,
    /// The value that a handler's `bind` found in that slot.
    displaced: AtomicPtr<c_void>,
    /// The round in which destructors run, from 1.
    round: AtomicUsize,
}

impl Progress {
    /// Nothing is taken.
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self { taking: AtomicUsize::new(0), displaced: AtomicPtr::new(ptr::null_mut()), round: AtomicUsize::new(0) }
    }

    /// Notes that exit takes the value of the slot of `tag`.
    #[inline(always)]
    pub(crate) fn begin(&self, tag: Tag) {
        self.taking.store(tag.word(), Relaxed);
    }

    /// Notes that the value has been taken, so that what is bound at this index from here on is set aside by nobody.
    #[inline(always)]
    pub(crate) fn seal(&self, tag: Tag) {
        self.taking.store(!tag.word(), Relaxed);
    }

    /// Notes that the destructor of the value taken last has returned, or that there was no value.
    #[inline(always)]
    pub(crate) fn end(&self) {
        self.taking.store(0, Relaxed);
    }

    /// Notes that thread-exit functions are taken and called as long as what this gives lasts, unless a destructor or such a
    /// function is what the thread is in already, and calls them.
    #[inline(always)]
    pub(crate) fn enter_function(&self) -> Option<InFunction<'_>> {
        (!self.is_in_call()).then(|| {
            self.taking.store(IN_FUNCTION, Relaxed);
            InFunction(self)
        })
    }

    /// Notes the round in which the destructors run that come next.
    #[inline(always)]
    pub(crate) fn begin_round(&self, round: u32) {
        self.round.store(round as usize, Relaxed);
    }

    /// For `bind`: the tag of the key whose value exit was about to take of the slot at `index` when it was interrupted, if
    /// no handler has set that aside.
    #[inline(always)]
    pub(crate) fn taking_at<const N: usize>(&self, index: Index<N>) -> Option<Tag> {
        Some(Tag::from_word(self.taking.load(Relaxed))).filter(|tag| tag.is_live_at(index.offset(), N))
    }

    /// Keeps `old`, the value of the slot of `tag`, for exit, which was about to take it.
    #[inline(always)]
    pub(crate) fn set_aside(&self, tag: Tag, old: *mut c_void) {
        // First: what later handlers find in the slot was set by those before, or is NULL where `old` was taken out.
        self.seal(tag);
        compiler_fence(Ordering::SeqCst);
        self.displaced.store(old, Relaxed);
    }

    /// Notes that the value of the slot of `tag`, which exit is about to take, is not exit's: as if a handler had found none
    /// there.
    #[inline(always)]
    pub(crate) fn disown(&self, tag: Tag) {
        self.set_aside(tag, ptr::null_mut());
    }

    /// What was set aside while exit took the value of the slot of `tag`.
    #[inline(always)]
    pub(crate) fn displaced(&self, tag: Tag) -> Option<*mut c_void> {
        (self.taking.load(Relaxed) != tag.word()).then(|| self.displaced.load(Relaxed))
    }

    /// Whether exit takes the value of the slot of `tag`, which was not bound since.
    #[inline(always)]
    pub(crate) fn is_taking(&self, tag: Tag) -> bool {
        self.taking.load(Relaxed) == tag.word()
    }

    /// The tag of the slot whose value exit takes, if the slot was not bound since.
    #[inline(always)]
    pub(crate) fn tag(&self) -> Option<Tag> {
        Some(Tag::from_word(self.taking.load(Relaxed))).filter(|tag| tag.is_live())
    }

    /// Whether a destructor or a thread-exit function has not returned, or is about to be called.
    #[inline(always)]
    pub(crate) fn is_in_call(&self) -> bool {
        self.taking.load(Relaxed) != 0
    }

    /// The key whose destructor has not returned, or is about to be called; no valid one if it is a thread-exit
    /// function.
    #[inline(always)]
    pub(crate) fn callee(&self) -> Option<Key> {
        match self.taking.load(Relaxed) {
            0 => None,
            IN_FUNCTION => Some(Key::default()),
            word => Some(self.tag().unwrap_or(Tag::from_word(!word)).key()),
        }
    }

    /// The key whose destructor has not returned, or is about to be called, and the round.
    #[inline(always)]
    pub(crate) fn current_destructor(&self) -> Option<(Key, u32)> {
        let key = self.callee().filter(|&key| key != Key::default())?;
        Some((key, self.round.load(Relaxed) as u32))
    }
}

/// A thread is in its exit functions, until one unwinds or there are no more.
pub(crate) struct InFunction<'a>(&'a Progress);

impl Drop for InFunction<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.end();
    }
}
