//! One value of one thread: the key to which its place is bound, and the pointer.
//!
//! Every change of the tag is a [`replace`](local::replace), one step for the thread's own interrupts, and a handler that
//! comes between two steps has run to its end before the next. What belongs to the thread alone is relaxed, as in
//! [`slots`](crate::slots).

use core::ffi::c_void;
use core::ptr;

use crate::local;
use crate::sync::local::{AtomicPtr, AtomicUsize, compiler_fence};
use crate::sync::{Ordering, Relaxed};
use crate::tag::{SHIFT, Tag};

/// The value of one key in one thread. It counts only while `tag` is the tag of a live key.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slot {
    tag: AtomicUsize,
    value: AtomicPtr<c_void>,
}

impl Slot {
    /// Bound to no key, with NULL.
    pub(crate) const fn new() -> Self {
        Self { tag: AtomicUsize::new(0), value: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The tag and the value, loaded in this order: a value that is newer than the tag is one of the tag's key, or of
    /// another one with which the table does not agree either.
    #[inline(always)]
    pub(crate) fn load(&self) -> (Tag, *mut c_void) {
        let tag = self.tag();
        compiler_fence(Ordering::SeqCst);
        (tag, self.value())
    }

    /// The tag of the key to which the slot is bound, or one that is not live.
    #[inline(always)]
    pub(crate) fn tag(&self) -> Tag {
        Tag::from_word(self.tag.load(Relaxed))
    }

    /// The value, whatever the slot is bound to.
    #[inline(always)]
    pub(crate) fn value(&self) -> *mut c_void {
        self.value.load(Relaxed)
    }

    /// Stores a value, whatever the slot is bound to.
    #[inline(always)]
    pub(crate) fn store(&self, value: *mut c_void) {
        self.value.store(value, Relaxed);
    }

    /// Stores the value of a typed key; the one before.
    #[inline(always)]
    pub(crate) fn swap(&self, value: *mut c_void) -> *mut c_void {
        local::exchange(&self.value, self.value(), value)
    }

    /// Takes the value of a typed key and leaves NULL, in one step.
    #[inline(always)]
    pub(crate) fn take(&self) -> *mut c_void {
        self.swap(ptr::null_mut())
    }

    /// Takes the value of a static key, into which handlers store plainly, and leaves NULL, in one step.
    #[inline(always)]
    pub(crate) fn take_static(&self) -> *mut c_void {
        local::swap(&self.value, self.value(), ptr::null_mut())
    }

    /// Takes `value` and leaves NULL, in one step for all CPUs, unless there is another value; whether it did.
    #[inline(always)]
    pub(crate) fn claim(&self, value: *mut c_void) -> bool {
        // Relaxed: what orders the value's content between threads is the business of who takes it.
        self.value.compare_exchange(value, ptr::null_mut(), Relaxed, Relaxed).is_ok()
    }

    /// Binds the slot to another key's tag, or to none, unless it is not bound to `old`; whether it did.
    #[inline(always)]
    pub(crate) fn rebind(&self, old: Tag, new: Tag) -> bool {
        local::replace(&self.tag, old.word(), new.word())
    }

    /// Replaces the value unless there is another one than `old`; whether it did.
    #[inline(always)]
    pub(crate) fn replace(&self, old: *mut c_void, new: *mut c_void) -> bool {
        local::replace_value(&self.value, old, new)
    }
}

// C code finds a slot by the offset that a key holds already.
const _: () = assert!(size_of::<Slot>() == 1 << SHIFT);
