//! One thread's values.
//!
//! [`Slots`] lives in the thread control block. Only its thread, and interrupts that stop that thread, write to it,
//! so all orderings here are relaxed but where a comment says who else looks; what matters is the order of
//! instructions, which [`compiler_fence`] keeps.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::entry::Entry;
use crate::index::Index;
use crate::key::Key;
use crate::once_control::OnceFrame;
use crate::parts;
use crate::pending::{Flags, Pending};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::sync::local::{AtomicPtr, compiler_fence};
use crate::sync::{self, Ordering, Relaxed};
use crate::tag::Tag;

/// One thread's values for a table of `N` keys, to be embedded in the thread control block.
///
/// All zero bytes are a valid initial state, the same as [`Slots::new`]. Memory that held anything else must be
/// initialised before the thread starts: with `new`, or in place with [`Slots::init`].
///
/// Its size is `2 * N` words, a bit per key, and five words.
///
/// # Examples
///
/// ```
/// use core::mem::MaybeUninit;
/// use tsd::Slots;
///
/// let mut block = MaybeUninit::<Slots<8>>::uninit(); // a thread control block
/// // SAFETY: valid for writes, and nobody else uses it.
/// unsafe { Slots::init(block.as_mut_ptr()) };
/// // SAFETY: initialised above.
/// let slots = unsafe { block.assume_init_ref() };
/// assert!(slots.is_idle() && !slots.is_exiting());
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct Slots<const N: usize>
where
    Capacity<N>: Supported,
{
    slots: [Slot; N],
    pub(crate) progress: Progress,
    /// The innermost `once` initialiser that this thread is in.
    pub(crate) frames: AtomicPtr<OnceFrame>,
    pub(crate) pending: Pending<N>,
}

impl<const N: usize> Slots<N>
where
    Capacity<N>: Supported,
{
    /// Creates slots in which every key reads NULL.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [const { Slot::new() }; N],
            progress: Progress::new(),
            frames: AtomicPtr::new(ptr::null_mut()),
            pending: Pending::new(),
        }
    }

    /// Initialises slots in place, whatever the memory held, with no copy on the stack.
    ///
    /// # Safety
    ///
    /// `slots` must be valid for writes and aligned, and no other thread may use it meanwhile.
    pub const unsafe fn init(slots: *mut Self) {
        // SAFETY: the caller vouches for the pointer; all zero bytes are a valid `Slots`.
        unsafe { ptr::write_bytes(slots, 0, 1) };
    }

    /// Returns the destructor that this thread is in, or is about to call: its key and the round, counted from 1. For
    /// panic dumps. While exit looks whether a value has a destructor to call, its key is named, too, be it deleted.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing. The thread should be the caller or
    /// be stopped.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::{ffi::c_void, ptr};
    ///
    /// unsafe extern "C-unwind" fn close(_file: *mut c_void) {
    ///     let (key, round) = SLOTS.current_destructor().expect("this one");
    ///     assert_eq!((KEYS.table().is_live(key), round), (true, 1));
    /// }
    ///
    /// let key = KEYS.create(Some(close))?;
    /// // SAFETY: `close` takes anything.
    /// unsafe { KEYS.set(key, ptr::dangling_mut())? };
    /// assert_eq!(SLOTS.current_destructor(), None);
    /// // SAFETY: the last that the thread does.
    /// assert_eq!(unsafe { KEYS.exit() }.calls, 1);
    /// # Ok::<(), tsd::Error>(())
    /// ```
    #[must_use]
    pub fn current_destructor(&self) -> Option<(Key, u32)> {
        self.progress.current_destructor()
    }

    /// Returns `true` if thread exit is under way on this thread.
    ///
    /// Callable from threads, destructors and interrupts, also for another thread's slots. One load, which orders
    /// nothing.
    #[must_use]
    pub fn is_exiting(&self) -> bool {
        self.pending.has_any(Flags::EXITING)
    }

    /// Returns `true` if thread exit would have nothing to do.
    ///
    /// Callable from threads, destructors and interrupts. One load.
    #[inline]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pending.is_idle()
    }

    /// Whether every value reads NULL and no work is left, as it must be when a thread starts.
    pub(crate) fn is_clean(&self) -> bool {
        let reads_null = |slot: &Slot| slot.tag() == Tag::UNBOUND || slot.value().is_null();
        self.is_idle() && self.slots.iter().all(reads_null)
    }

    /// The slot at an index.
    #[inline(always)]
    pub(crate) fn slot(&self, index: Index<N>) -> &Slot {
        index.of(&self.slots)
    }

    /// Binds the slot of the key of `tag` to it, and makes `value` its value; the value that the key had until then.
    /// None, and nothing is stored, once `table_tag` is another one: the key was deleted. A typed key is not deleted
    /// meanwhile, and no such word is given.
    ///
    /// An unbound slot holds NULL, unless its thread died as it was unbound; a deleted key's holds what it had. The slot
    /// is bound with NULL for its value, and the value is stored under the key's own tag. A handler that binds the slot
    /// between two steps makes the next `replace` fail, and all begins again: no value comes under another key, none is
    /// stored twice, and no reader finds NULL after a handler's `set`.
    ///
    /// If it `KEEPS`, a value that the key has already stays, and nothing is stored.
    #[cfg_attr(not(minimal), cold)]
    #[cfg_attr(minimal, inline(always))]
    pub(crate) fn bind<const KEEPS: bool>(
        &self,
        tag: Tag,
        value: *mut c_void,
        table_tag: Option<&sync::AtomicUsize>,
    ) -> Option<*mut c_void> {
        let index = Index::of_tag(tag);
        // First: exit finds the slot wherever the thread is killed.
        self.pending.note(index, tag.phase());
        let slot = self.slot(index);
        loop {
            compiler_fence(Ordering::SeqCst);
            let old = slot.value();
            compiler_fence(Ordering::SeqCst);
            let seen = slot.tag();
            compiler_fence(Ordering::SeqCst);
            if seen == tag {
                if KEEPS && !old.is_null() {
                    // It may be older than the binding.
                    let kept = slot.value();
                    if kept.is_null() {
                        continue;
                    }
                    return Some(kept);
                }
                if slot.replace(old, value) {
                    return Some(old);
                }
                continue;
            }
            // Relaxed: only whether it is the same. The caller has acquired what belongs to it.
            if table_tag.is_some_and(|word| word.load(Relaxed) != tag.word()) {
                return None;
            }
            if seen != Tag::UNBOUND && seen != Tag::NEVER_BOUND {
                // A deleted key's, which must not lend its tag to the new value, nor the new tag its value.
                slot.rebind(seen, Tag::UNBOUND);
                continue;
            }
            if let Some(exiting) = self.progress.taking_at(index) {
                if parts::SHARED_SLOTS && !old.is_null() && self.pending.has_any(Flags::CONTESTED) {
                    self.set_aside_shared(slot, seen, old, exiting);
                    continue;
                }
                self.progress.set_aside(exiting, old);
                self.contend();
            }
            compiler_fence(Ordering::SeqCst);
            // Unless a handler has bound the slot since.
            if old.is_null() || slot.tag() == seen && slot.replace(old, ptr::null_mut()) {
                compiler_fence(Ordering::SeqCst);
                slot.rebind(seen, tag);
            }
        }
    }

    /// Binds the slot of the static key of `tag` to it, and stores `value`. Its value counts whatever the tag is, and
    /// its index is no other key's.
    #[cold]
    pub(crate) fn bind_static(&self, tag: Tag, value: *mut c_void) {
        self.bind_static_slot(tag).store(value);
    }

    /// Binds the slot of the static key of `tag` to it, whatever its value; the slot.
    #[inline(always)]
    pub(crate) fn bind_static_slot(&self, tag: Tag) -> &Slot {
        let index = Index::of_tag(tag);
        self.pending.note(index, tag.phase());
        let slot = self.slot(index);
        compiler_fence(Ordering::SeqCst);
        // It fails where a handler has bound the slot meanwhile.
        slot.rebind(slot.tag(), tag);
        compiler_fence(Ordering::SeqCst);
        slot
    }

    /// Ends the binding of the slot at `index` to the key of `tag`, whose place in the table is `entry`; the value that it
    /// had, for its destructor, or NULL where there was none or it is not due.
    ///
    /// A handler that comes before the tag is replaced sets the key as usual, and its value is what is loaded. If it
    /// binds the slot to a later key, the replacement fails, and the slot's bit is set again. Once the tag is replaced
    /// the key reads NULL, and the first handler that binds the slot sets aside what it overwrites.
    ///
    /// It is due if the key lives when this begins with it. Who deletes the key later has not got the value: in another
    /// thread, as in FlsFree, which finds the value gone; or in a handler to which the key reads NULL. One that comes before
    /// the tag is replaced may have got it, and leaves word ([`disown`](Self::disown)).
    #[cfg_attr(not(minimal), inline(always))]
    #[cfg_attr(minimal, inline(never))]
    pub(crate) fn unbind(&self, index: Index<N>, tag: Tag, entry: &Entry) -> *mut c_void {
        let slot = self.slot(index);
        self.progress.begin(tag);
        compiler_fence(Ordering::SeqCst);
        let is_due = entry.tag_after_destructor() == tag;
        compiler_fence(Ordering::SeqCst);
        if !slot.rebind(tag, Tag::UNBOUND) {
            return ptr::null_mut();
        }
        compiler_fence(Ordering::SeqCst);
        let mut value = slot.value();
        compiler_fence(Ordering::SeqCst);
        if !parts::SHARED_SLOTS
            && let Some(displaced) = self.progress.displaced(tag)
        {
            value = displaced;
        } else if parts::SHARED_SLOTS && self.pending.has_any(Flags::CONTESTED) {
            value = self.contest(slot, tag, value);
        } else if slot.replace(value, ptr::null_mut()) {
            self.give_back(slot, tag, value);
        }
        if is_due { value } else { ptr::null_mut() }
    }

    /// For `bind`: takes `old` out of a slot whose value the exit of the key of `exiting` is about to take, and keeps it
    /// for that; unless another thread has taken it, or a handler has come between.
    ///
    /// A handler that comes between the two steps finds NULL, and sets that aside, which the second step puts right.
    #[inline(always)]
    fn set_aside_shared(&self, slot: &Slot, seen: Tag, old: *mut c_void, exiting: Tag) {
        if slot.tag() == seen && slot.claim(old) {
            compiler_fence(Ordering::SeqCst);
            self.progress.set_aside(exiting, old);
        }
    }

    /// Notes that exit has to look for what was set aside. Where no other thread takes values, it always looks.
    #[inline(always)]
    fn contend(&self) {
        if parts::SHARED_SLOTS {
            self.pending.set_flags(Flags::CONTESTED);
        }
    }

    /// Undoes the replacement of `value` by NULL if it was a handler's, which has bound the slot since and stored that
    /// very pointer.
    #[inline(always)]
    fn give_back(&self, slot: &Slot, tag: Tag, value: *mut c_void) {
        if self.progress.displaced(tag) == Some(value) {
            slot.replace(ptr::null_mut(), value);
        }
    }

    /// Notes that the thread has deleted `key`, perhaps in a handler that interrupts its exit: if the slot is bound to it
    /// still, its value is that handler's.
    #[inline]
    pub(crate) fn disown(&self, key: Key) {
        let tag = self.slot(Index::of_key(key)).tag();
        if tag.key() == key && self.progress.is_taking(tag) {
            self.progress.disown(tag);
            self.contend();
        }
    }

    /// `value`, which was loaded from `slot` after its binding to the key of `tag` ended, unless a handler has set
    /// aside the one to take, or another thread has taken it.
    #[cold]
    #[inline(never)]
    fn contest(&self, slot: &Slot, tag: Tag, value: *mut c_void) -> *mut c_void {
        if let Some(displaced) = self.progress.displaced(tag) {
            return displaced;
        }
        compiler_fence(Ordering::SeqCst);
        // A handler that has bound the slot since makes this fail, too, and has set the value aside.
        if slot.claim(value) {
            self.give_back(slot, tag, value);
            return value;
        }
        compiler_fence(Ordering::SeqCst);
        self.progress.displaced(tag).unwrap_or(ptr::null_mut())
    }

    /// Takes the value of the static key of `tag`. Its slot stays bound: whoever uses the key does not look at the tag.
    pub(crate) fn take_static(&self, tag: Tag) -> *mut c_void {
        self.progress.begin(tag);
        compiler_fence(Ordering::SeqCst);
        let value = self.slot(Index::of_tag(tag)).take_static();
        compiler_fence(Ordering::SeqCst);
        self.progress.seal(tag);
        value
    }

    /// [`unbind`](Self::unbind) for a slot that may be bound to nothing, since the thread was killed while it bound it.
    pub(crate) fn unbind_any(&self, index: Index<N>, tag: Tag, entry: &Entry) -> *mut c_void {
        if tag.is_live() {
            return self.unbind(index, tag, entry);
        }
        if parts::LISTINGS {
            // A value that is left here was never set: with this tag it does not count.
            self.slot(index).rebind(Tag::NEVER_BOUND, Tag::UNBOUND);
        }
        ptr::null_mut()
    }

    /// Ends the binding of a static key's slot whose value was taken, so that the next thread's first `set` sets the
    /// bit. Where a handler has stored a value since, the slot stays bound and has its bit again.
    pub(crate) fn unbind_static(&self, tag: Tag) {
        let index = Index::of_tag(tag);
        let slot = self.slot(index);
        slot.rebind(tag, Tag::UNBOUND);
        compiler_fence(Ordering::SeqCst);
        if !slot.value().is_null() {
            self.pending.note(index, tag.phase());
            compiler_fence(Ordering::SeqCst);
            // It fails where a handler has bound the slot meanwhile.
            slot.rebind(Tag::UNBOUND, tag);
        }
    }

    /// Whether thread exit, or a thread-exit function, is under way.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.is_exiting() || self.progress.is_in_call()
    }

    /// Makes the slots of a thread that died inside its exit ready for another exit; the key whose value that exit had
    /// taken and whose destructor had not returned; no valid one if it was a thread-exit function that did not return.
    ///
    /// The bits that the exit held are gone with it, so that every slot is looked at. The first `statics` belong to
    /// static keys.
    pub(crate) fn reopen(&self, statics: usize) -> Option<Key> {
        for index in (0..N).filter_map(Index::new) {
            let (tag, value) = self.slot(index).load();
            // Also where the value is NULL: a slot that stays bound with no bit would hide what the next thread sets
            // there. A static key's value counts whatever the tag is.
            if tag.is_live() || index.number() < statics && !value.is_null() {
                self.pending.note(index, tag.phase());
            }
        }
        let is_untaken = |tag| {
            let index = Index::of_tag(tag);
            let (bound, value) = self.slot(index).load();
            bound == tag && !(index.number() < statics && value.is_null())
        };
        // Where it had named the slot, and had not taken the value yet, nothing is lost.
        let interrupted = self.progress.callee().filter(|_| !self.progress.tag().is_some_and(is_untaken));
        self.progress.end();
        self.pending.clear_flags(Flags::EXITING);
        interrupted
    }
}

impl<const N: usize> Default for Slots<N>
where
    Capacity<N>: Supported,
{
    fn default() -> Self {
        Self::new()
    }
}

// What a thread pays: 2.1 KiB for 128 keys where pointers have 64 bits, 100 bytes for 8 keys where they have 32.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Slots<128>>() <= 2150);
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Slots<8>>() <= 100);
