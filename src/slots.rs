//! One thread's values.
//!
//! [`Slots`] lives in the thread control block. Only its thread, and interrupts that stop that thread, write to it,
//! so all orderings here are relaxed but where a comment says who else looks; what matters is the order of instructions,
//! which [`compiler_fence`] keeps. Every change of a slot's tag is a [`replace`](own::replace), one step for the thread's
//! own interrupts, and a handler that comes between two steps has run to its end before the next.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::key::{Key, tag};
use crate::once::OnceFrame;
use crate::own;
use crate::pending::{CONTESTED, EXITING, Pending};
use crate::sync::own::{AtomicPtr, AtomicUsize, compiler_fence};
use crate::sync::{self, Ordering, Relaxed};
use crate::table::KeyTable;

/// What `taking` is while a thread-exit function runs, or is about to. The complement of no live tag but the very last.
const IN_FUNCTION: usize = tag::UNBOUND;

/// The value of one key in one thread. It counts only while `tag` is the tag of a live key.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) tag: AtomicUsize,
    pub(crate) value: AtomicPtr<c_void>,
}

impl Slot {
    /// The tag and the value, loaded in this order: a value that is newer than the tag is one of the tag's key, or of
    /// another one with which the table does not agree either.
    #[inline]
    pub(crate) fn load(&self) -> (usize, *mut c_void) {
        let tag = self.tag.load(Relaxed);
        compiler_fence(Ordering::SeqCst);
        (tag, self.value.load(Relaxed))
    }

    /// Takes the value and leaves NULL, in one step.
    #[inline]
    pub(crate) fn take(&self) -> *mut c_void {
        own::swap(&self.value, self.value.load(Relaxed), ptr::null_mut())
    }
}

/// One thread's values for a table of `N` keys, to be embedded in the thread control block.
///
/// All zero bytes are a valid initial state, the same as [`Slots::new`]. Memory that held anything else must be
/// initialised before the thread starts: with `new`, or in place with [`Slots::init`].
///
/// Its size is `2 * N` words, a bit a key, and five words.
#[derive(Debug)]
#[repr(C)]
pub struct Slots<const N: usize>
where
    Capacity<N>: Supported,
{
    slots: [Slot; N],
    /// What thread exit is at: the tag of the slot whose value it takes, until the value's destructor has returned; the
    /// complement of that, which is no live tag, when the slot was bound again since; 0.
    taking: AtomicUsize,
    /// The value that a handler's `bind` found in that slot.
    displaced: AtomicPtr<c_void>,
    /// The innermost `once` initialiser that this thread is in.
    pub(crate) frames: AtomicPtr<OnceFrame>,
    /// The round in which destructors run, from 1.
    round: AtomicUsize,
    pub(crate) pending: Pending<N>,
}

impl<const N: usize> Slots<N>
where
    Capacity<N>: Supported,
{
    /// Slots in which every key reads NULL.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [const { Slot { tag: AtomicUsize::new(0), value: AtomicPtr::new(ptr::null_mut()) } }; N],
            taking: AtomicUsize::new(0),
            displaced: AtomicPtr::new(ptr::null_mut()),
            frames: AtomicPtr::new(ptr::null_mut()),
            round: AtomicUsize::new(0),
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

    /// The destructor that this thread is in, or is about to call: its key and the round, counted from 1. For panic dumps.
    #[must_use]
    pub fn running_destructor(&self) -> Option<(Key, u32)> {
        self.key_taken().map(|key| (key, self.round.load(Relaxed) as u32))
    }

    /// Whether thread exit is under way on this thread.
    #[must_use]
    pub fn is_exiting(&self) -> bool {
        self.pending.has(EXITING)
    }

    /// Whether thread exit would have nothing to do.
    #[inline]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pending.is_idle()
    }

    /// Whether every value reads NULL and no work is left, as it must be when a thread starts.
    pub(crate) fn is_clean(&self) -> bool {
        let reads_null = |slot: &Slot| slot.tag.load(Relaxed) == tag::UNBOUND || slot.value.load(Relaxed).is_null();
        self.is_idle() && self.slots.iter().all(reads_null)
    }

    /// The slot at an offset that [`KeyTable::offset`](crate::KeyTable::offset) gave.
    #[inline]
    pub(crate) fn at(&self, offset: usize) -> &Slot {
        debug_assert!(offset.is_multiple_of(1 << tag::SHIFT) && offset >> tag::SHIFT < N);
        // SAFETY: `offset` gives multiples of a slot's size, the largest being that of the last slot.
        unsafe { &*self.slots.as_ptr().byte_add(offset) }
    }

    /// The slots, by index.
    #[inline]
    pub(crate) fn all(&self) -> &[Slot; N] {
        &self.slots
    }

    /// Binds the slot of the key of `tag` to it, and makes `value` its value; the value that the key had until then. None, and
    /// nothing is stored, once `table_tag` is another one: the key was deleted. Typed keys can't be, and have no such word.
    ///
    /// The slot is bound with NULL for its value, and the value is stored under the key's own tag. A handler that binds the slot
    /// between two steps makes the next `replace` fail, and all begins again: no value comes under another key, none is stored
    /// twice, and no reader finds NULL after a handler's `set`.
    #[cold]
    pub(crate) fn bind(
        &self,
        tag: usize,
        value: *mut c_void,
        table_tag: Option<&sync::AtomicUsize>,
    ) -> Option<*mut c_void> {
        let index = tag::index(tag, N);
        // First: exit finds the slot wherever the thread is killed.
        self.pending.note(index, tag);
        let slot = &self.slots[index];
        loop {
            compiler_fence(Ordering::SeqCst);
            let old = slot.value.load(Relaxed);
            compiler_fence(Ordering::SeqCst);
            let seen = slot.tag.load(Relaxed);
            compiler_fence(Ordering::SeqCst);
            if seen == tag {
                if own::replace_value(&slot.value, old, value) {
                    return Some(old);
                }
                continue;
            }
            // Relaxed: only whether it is the same. The caller has acquired what belongs to it.
            if table_tag.is_some_and(|word| word.load(Relaxed) != tag) {
                return None;
            }
            if seen != tag::UNBOUND && seen != tag::NEVER_BOUND {
                // A deleted key's, which must not lend its tag to the new value, nor the new tag its value.
                own::replace(&slot.tag, seen, tag::UNBOUND);
                continue;
            }
            self.set_aside(index, old);
            compiler_fence(Ordering::SeqCst);
            if old.is_null() || own::replace_value(&slot.value, old, ptr::null_mut()) {
                compiler_fence(Ordering::SeqCst);
                own::replace(&slot.tag, seen, tag);
            }
        }
    }

    /// Binds the slot of the static key of `tag` to it, and stores `value`. Its value counts whatever the tag is, and its index
    /// is no other key's.
    #[cold]
    pub(crate) fn bind_static(&self, tag: usize, value: *mut c_void) {
        let index = tag::index(tag, N);
        self.pending.note(index, tag);
        let slot = &self.slots[index];
        compiler_fence(Ordering::SeqCst);
        // It fails where a handler has bound the slot meanwhile.
        own::replace(&slot.tag, slot.tag.load(Relaxed), tag);
        compiler_fence(Ordering::SeqCst);
        slot.value.store(value, Relaxed);
    }

    /// Keeps `old`, the value of the slot at `index`, for a thread exit that was interrupted while it took it.
    fn set_aside(&self, index: usize, old: *mut c_void) {
        let taking = self.taking.load(Relaxed);
        if taking & tag::LIVE != 0 && tag::index(taking, N) == index {
            self.displaced.store(old, Relaxed);
            compiler_fence(Ordering::SeqCst);
            // What later handlers find in the slot was set by those before: only the first sets anything aside.
            self.taking.store(!taking, Relaxed);
            self.pending.set(CONTESTED);
        }
    }

    /// Ends the binding of the slot at `index` to the key of `tag`; the value that it had, which is the caller's from then on,
    /// or NULL.
    ///
    /// A handler that comes before the tag is replaced sets the key as usual, and its value is what is loaded. If it binds
    /// the slot to a later key, the replacement fails, and the slot's bit is set again. Once the tag is replaced the key reads
    /// NULL, and the first handler that binds the slot sets aside what it overwrites.
    #[inline(always)]
    pub(crate) fn unbind(&self, index: usize, tag: usize) -> *mut c_void {
        let slot = &self.slots[index];
        let mut value = ptr::null_mut();
        self.taking.store(tag, Relaxed);
        compiler_fence(Ordering::SeqCst);
        if own::replace(&slot.tag, tag, tag::UNBOUND) {
            compiler_fence(Ordering::SeqCst);
            value = slot.value.load(Relaxed);
            compiler_fence(Ordering::SeqCst);
            if self.pending.has(CONTESTED) {
                value = self.claim(slot, tag, value);
            }
        }
        value
    }

    /// `value`, which was loaded from `slot` after its binding to the key of `tag` ended, unless a handler has set aside the
    /// one to take, or another thread has taken it.
    #[cold]
    #[inline(never)]
    fn claim(&self, slot: &Slot, tag: usize, value: *mut c_void) -> *mut c_void {
        if self.taking.load(Relaxed) != tag {
            return self.displaced.load(Relaxed);
        }
        compiler_fence(Ordering::SeqCst);
        // Relaxed: what orders the value's content between threads is the business of who takes it. A handler that has bound
        // the slot since makes this fail, too, and has set the value aside.
        if slot.value.compare_exchange(value, ptr::null_mut(), Relaxed, Relaxed).is_ok() {
            return value;
        }
        compiler_fence(Ordering::SeqCst);
        if self.taking.load(Relaxed) == tag { ptr::null_mut() } else { self.displaced.load(Relaxed) }
    }

    /// Takes the value of the static key of `tag`. Its slot stays bound: whoever uses the key does not look at the tag.
    pub(crate) fn take_static(&self, tag: usize) -> *mut c_void {
        self.taking.store(tag, Relaxed);
        compiler_fence(Ordering::SeqCst);
        let value = self.slots[tag::index(tag, N)].take();
        compiler_fence(Ordering::SeqCst);
        self.taking.store(!tag, Relaxed);
        value
    }

    /// [`unbind`](Self::unbind) for a slot that may be bound to nothing, since the thread was killed while it bound it.
    pub(crate) fn release(&self, index: usize, tag: usize) -> *mut c_void {
        if tag & tag::LIVE != 0 {
            return self.unbind(index, tag);
        }
        // It may have a value that was never set.
        own::replace(&self.slots[index].tag, tag::NEVER_BOUND, tag::UNBOUND);
        ptr::null_mut()
    }

    /// Ends the binding of a static key's slot whose value was taken, so that the next thread's first `set` sets the bit. Where
    /// a handler has stored a value since, the slot stays bound and has its bit again.
    pub(crate) fn unbind_static(&self, index: usize, tag: usize) {
        let slot = &self.slots[index];
        own::replace(&slot.tag, tag, tag::UNBOUND);
        compiler_fence(Ordering::SeqCst);
        if !slot.value.load(Relaxed).is_null() {
            self.pending.note(index, tag);
            compiler_fence(Ordering::SeqCst);
            // It fails where a handler has bound the slot meanwhile.
            own::replace(&slot.tag, tag::UNBOUND, tag);
        }
    }

    /// Notes the round in which the destructors run that come next.
    pub(crate) fn note_round(&self, round: u32) {
        self.round.store(round as usize, Relaxed);
    }

    /// Notes that the destructor of the value taken last has returned, or that there was no value.
    #[inline(always)]
    pub(crate) fn note_none(&self) {
        self.taking.store(0, Relaxed);
    }

    /// The key whose value thread exit takes, until the destructor has returned.
    fn key_taken(&self) -> Option<Key> {
        let taking = self.taking.load(Relaxed);
        let tag = if taking & tag::LIVE != 0 { taking } else { !taking };
        (taking != 0 && taking != IN_FUNCTION).then(|| Key::from_raw(tag::handle(tag)))
    }

    /// Notes that a thread-exit function is taken and called.
    pub(crate) fn note_function(&self) {
        self.taking.store(IN_FUNCTION, Relaxed);
    }

    /// Whether thread exit, or a thread-exit function, is under way.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.is_exiting() || self.taking.load(Relaxed) != 0
    }

    /// Lets other threads take values from these slots with [`KeyTable::take`](crate::KeyTable::take), until the
    /// calling thread, whose slots these must be, has exited.
    ///
    /// # Safety
    ///
    /// The slots must be the calling thread's.
    pub unsafe fn share(&self) {
        self.pending.set(CONTESTED);
    }

    /// Makes the slots of a thread that died inside its exit ready for another one; the key whose value that exit had taken
    /// and not destroyed, or not to the end; no valid one if it was a thread-exit function that did not come to its end.
    ///
    /// The bits that the exit held are gone with it, so that every slot is looked at. The first `statics` belong to static keys.
    pub(crate) fn reopen(&self, statics: usize) -> Option<Key> {
        for (index, slot) in self.slots.iter().enumerate() {
            let (tag, value) = slot.load();
            // Also where the value is NULL: a slot that stays bound with no bit would hide what the next thread sets there.
            // A static key's value counts whatever the tag is.
            if tag & tag::LIVE != 0 || index < statics && !value.is_null() {
                self.pending.note(index, tag);
            }
        }
        let taking = self.taking.load(Relaxed);
        let slot = &self.slots[tag::index(taking, N)];
        let is_static = tag::index(taking, N) < statics;
        // It had named the slot, and not come to take the value.
        let was_left = taking & tag::LIVE != 0
            && slot.tag.load(Relaxed) == taking
            && !(is_static && slot.value.load(Relaxed).is_null());
        let interrupted = match taking {
            IN_FUNCTION => Some(Key::default()),
            _ if was_left => None,
            _ => self.key_taken(),
        };
        self.note_none();
        self.pending.clear(EXITING);
        interrupted
    }
}

/// [`Slots`] of some capacity, by which a [`Port`](crate::Port) says how many keys there are.
pub trait SlotArray: private::Sealed {}

pub(crate) mod private {
    /// What a capacity's types have in common.
    pub trait Sealed {
        /// The [`KeyTable`](crate::KeyTable) of the same capacity.
        type Table: core::fmt::Debug + Send + Sync;

        /// Deletes the key of a tag.
        fn delete_tag(table: &Self::Table, tag: usize);
    }
}

impl<const N: usize> SlotArray for Slots<N> where Capacity<N>: Supported {}

impl<const N: usize> private::Sealed for Slots<N>
where
    Capacity<N>: Supported,
{
    type Table = KeyTable<N>;

    fn delete_tag(table: &KeyTable<N>, tag: usize) {
        // If it is deleted already there is nothing to do.
        let _ = table.delete_tag(tag);
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

// A slot is found by an offset that the key holds already.
const _: () = assert!(size_of::<Slot>() == 1 << tag::SHIFT);

// What a thread pays: 2.1 KiB for 128 keys where pointers have 64 bits, 100 bytes for 8 keys where they have 32.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Slots<128>>() <= 2150);
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Slots<8>>() <= 100);
