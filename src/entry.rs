//! One entry of a key table, and the name that belongs to it.

use core::mem::transmute;
use core::ptr;

use crate::key::{Destructor, KeyOptions};
use crate::sync::{Acquire, AtomicPtr, AtomicUsize, Ordering, Relaxed, Release, const_fn, fence};
use crate::tag::Tag;

/// What `get`, `set` and thread exit read of a key. As large as a slot.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Entry {
    tag: AtomicUsize,
    destructor: AtomicPtr<()>,
}

/// In the length of a key's name, which is never so long: a [`TypedKey`](crate::TypedKey) owns the key.
const TYPED: usize = 1 << (usize::BITS - 1);

/// A key's name: a `&'static str` in two words, and the mark above. Valid while the entry's tag is live.
// In C's layout, as the table of which it is a part: C code that has static keys writes some, and debuggers read them.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Name {
    start: AtomicPtr<u8>,
    length: AtomicUsize,
}

impl Entry {
    const_fn! {
        pub(crate) fn new(tag: Tag, destructor: Option<Destructor>) -> Self {
            Self { tag: AtomicUsize::new(tag.word()), destructor: AtomicPtr::new(to_pointer(destructor)) }
        }
    }

    /// The tag.
    #[inline(always)]
    pub(crate) fn tag(&self, ordering: Ordering) -> Tag {
        Tag::from_word(self.tag.load(ordering))
    }

    /// The word of the tag, for comparisons.
    #[inline(always)]
    pub(crate) fn tag_word(&self) -> &AtomicUsize {
        &self.tag
    }

    /// Replaces a live tag by the dead one after it; false where it is another one.
    #[inline(always)]
    pub(crate) fn withdraw(&self, live: Tag, dead: Tag) -> bool {
        // Relaxed: nothing is done with the value, and what this key's creator wrote came before, by the Acquire with
        // which the tag was seen. With the Release when the index is freed, it comes before what the next one writes.
        replace(&self.tag, live.word(), dead.word())
    }

    /// Makes the entry that of a live key.
    #[inline(always)]
    pub(crate) fn publish(&self, tag: Tag) {
        // Release: pairs with the Acquire in `verify`.
        self.tag.store(tag.word(), Release);
    }

    /// Stores the destructor of a key that is to be published.
    #[inline(always)]
    pub(crate) fn set_destructor(&self, destructor: Option<Destructor>) {
        // Release: whoever reads it and then fences must see that the predecessor's tag is gone (see
        // `tag_after_destructor`).
        self.destructor.store(to_pointer(destructor), Release);
    }

    /// The destructor. It is the one of the key whose tag a slot has, if
    /// [`tag_after_destructor`](Self::tag_after_destructor) gives this tag afterwards.
    #[inline(always)]
    pub(crate) fn destructor(&self) -> Option<Destructor> {
        // Relaxed: it is not older than the slot's tag, by the Acquire in `verify` before the slot was bound.
        from_pointer(self.destructor.load(Relaxed))
    }

    /// The tag, read after the destructor and the name.
    #[inline(always)]
    pub(crate) fn tag_after_destructor(&self) -> Tag {
        // Acquire: pairs with the Release stores of both. If what was read is a later key's, so is the tag, or it is a
        // dead one.
        fence(Acquire);
        self.tag(Relaxed)
    }
}

impl Name {
    const_fn! {
        #[cfg_attr(minimal, expect(dead_code, reason = "there are no names"))]
        pub(crate) fn new(name: &'static str) -> Self {
            Self { start: AtomicPtr::new(name.as_ptr().cast_mut()), length: AtomicUsize::new(name.len()) }
        }
    }

    /// Stores the name of a key that is to be published, and whether it is a typed one.
    #[inline(always)]
    pub(crate) fn set(&self, options: &KeyOptions, is_typed: bool) {
        let mark = if is_typed { TYPED } else { 0 };
        // Release, twice: as in `Entry::set_destructor`.
        self.start.store(options.name.as_ptr().cast_mut(), Release);
        self.length.store(options.name.len() | mark, Release);
    }

    /// Whether the key is a typed one.
    #[inline(always)]
    pub(crate) fn is_typed(&self) -> bool {
        // Relaxed: it is that of the key whose tag was acquired, or a later one's, and then the tag is not that any
        // more.
        self.length.load(Relaxed) & TYPED != 0
    }

    /// The name's start and length.
    #[inline(always)]
    pub(crate) fn parts(&self) -> (*const u8, usize) {
        // Relaxed: the entry's tag, read before and after, tells whose they are.
        (self.start.load(Relaxed), self.length.load(Relaxed) & !TYPED)
    }
}

/// Stores `new` where `old` is, for all CPUs; whether it did. Where [`local`](crate::local) does the same by the same
/// instructions, there is one of both in the minimal library.
#[cfg_attr(not(minimal), inline(always))]
#[cfg_attr(minimal, inline(never))]
fn replace(word: &AtomicUsize, old: usize, new: usize) -> bool {
    // Relaxed: as the caller says.
    word.compare_exchange(old, new, Relaxed, Relaxed).is_ok()
}

/// A destructor as an entry holds it: NULL for none.
#[inline(always)]
const fn to_pointer(destructor: Option<Destructor>) -> *mut () {
    match destructor {
        Some(destructor) => destructor as *mut (),
        None => ptr::null_mut(),
    }
}

/// What [`to_pointer`] was given.
#[inline(always)]
fn from_pointer(pointer: *mut ()) -> Option<Destructor> {
    // SAFETY: a pointer in an entry is NULL or came from a `Destructor`; an `Option` of a function pointer has NULL
    // for `None`.
    unsafe { transmute::<*mut (), Option<Destructor>>(pointer) }
}

// C code finds entries by the offset of a tag. Loom's atomics are larger.
#[cfg(not(loom))]
const _: () = assert!(size_of::<Entry>() == 1 << crate::tag::SHIFT);
