//! The visit of thread exit to the slots of one word of `touched`.
//!
//! It holds the word's bits while it lasts. A slot that is visited is bound to no key any more before its value is read:
//! the key reads NULL from then on, and nothing has to be stored over the value. So neither a later round nor the end of
//! the exit looks at the slot again, unless it was bound anew.
//!
//! A destructor or an interrupt handler that binds a slot meanwhile raises the bit in `work` that was lowered when the
//! visit began. That one word is all that is asked after each value.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::key::{Destructor, tag};
use crate::own;
use crate::slots::{SHARED, Slot, Slots};
use crate::sync::Ordering::{self, Relaxed};
use crate::sync::own::compiler_fence;
use crate::table::{Entry, KeyTable};

/// The bits of one word, and how far the visit has come.
///
/// When it is dropped, be it by a destructor that unwinds, they are back in their word, but for those whose slots are not
/// bound any more.
pub(crate) struct Visit<'a, const N: usize>
where
    Capacity<N>: Supported,
{
    slots: &'a Slots<N>,
    word: usize,
    /// From the word's first on, so that a bit's number is an index.
    word_slots: &'a [Slot],
    word_entries: &'a [Entry],
    /// How many of the word's keys are static.
    word_statics: usize,
    /// Bits of slots that were not visited yet.
    ahead: usize,
    /// Bits of slots that stay touched.
    kept: usize,
    /// The bit of the slot that is visited now.
    bit: u32,
}

// What is common is inlined and what is not gets no reference to the visit, so that all of it is in registers.
impl<'a, const N: usize> Visit<'a, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    pub(crate) fn begin(table: &'a KeyTable<N>, slots: &'a Slots<N>, word: usize) -> Self {
        let first = word * usize::BITS as usize;
        Self {
            slots,
            word,
            // SAFETY: both have N elements, and the word is one of those that have a bit for each.
            word_slots: unsafe { slots.slots.get_unchecked(first..) },
            // SAFETY: as above.
            word_entries: unsafe { table.entries.get_unchecked(first..) },
            word_statics: table.places.statics().saturating_sub(first),
            ahead: slots.take_bits(word, Slots::<N>::IS_GROUP_OF_ONE),
            kept: 0,
            bit: 0,
        }
    }

    /// The tag of the next slot, in ascending order, and the destructor at its index, which is the key's if
    /// [`take`](Self::take) gives a value. Slots that were touched behind the present one are visited too.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<(usize, Option<Destructor>)> {
        if self.ahead == 0 {
            self.take_later();
            if self.ahead == 0 {
                return None;
            }
        }
        self.bit = self.ahead.trailing_zeros();
        self.ahead &= self.ahead - 1;
        Some((self.slot().tag.load(Relaxed), self.entry().destructor()))
    }

    /// Leaves the slot as it is.
    #[inline(always)]
    pub(crate) fn keep(&mut self) {
        self.kept |= 1 << self.bit;
    }

    /// Ends the slot's binding to the key of `tag`, which [`next`](Self::next) gave, and takes its value. NULL if there was
    /// none, or if the key has been deleted.
    #[inline(always)]
    pub(crate) fn take(&mut self, tag: usize) -> *mut c_void {
        let slot = self.slot();
        slot.tag.store(tag::UNBOUND, Relaxed);
        compiler_fence(Ordering::SeqCst);
        let value = slot.value.load(Relaxed);
        let now = self.entry().tag_behind_destructor();
        if now != tag {
            if tag::is_next(tag, now, N) {
                self.slots.bind_again(self.word, self.bit, slot, now);
            }
            return ptr::null_mut();
        }
        // The key lives, so no handler had bound the slot to another one before its tag was stored over.
        let is_static = (self.bit as usize) < self.word_statics;
        if !is_static && !self.slots.has(SHARED | Slots::<N>::group(self.word)) {
            return value;
        }
        // A static key's value is looked at without asking for the tag.
        let value = take_watched(slot, value, is_static || self.slots.has(SHARED));
        self.take_later();
        value
    }

    /// Takes the bits of slots that were touched since the visit began.
    #[inline(always)]
    fn take_later(&mut self) {
        let bits = self.slots.take_bits(self.word, Slots::<N>::IS_GROUP_OF_ONE);
        let behind = usize::MAX >> (usize::BITS - 1 - self.bit);
        self.ahead |= bits & !behind;
        self.kept |= bits & behind;
    }

    #[inline(always)]
    fn slot(&self) -> &'a Slot {
        // SAFETY: bits are set for slots that there are (`Slots::bind`), and nothing else sets any.
        unsafe { self.word_slots.get_unchecked(self.bit as usize) }
    }

    #[inline(always)]
    fn entry(&self) -> &'a Entry {
        // SAFETY: a table has as many entries as `Slots` has slots.
        unsafe { self.word_entries.get_unchecked(self.bit as usize) }
    }
}

impl<const N: usize> Drop for Visit<'_, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    fn drop(&mut self) {
        let bits = self.ahead | self.kept;
        if bits != 0 {
            self.slots.put_bits(self.word, bits);
        }
    }
}

impl<const N: usize> Slots<N>
where
    Capacity<N>: Supported,
{
    /// The slot's binding was ended when its key had been deleted. If a handler had just bound it to the next key at this
    /// index, whose tag is `next`, that binding is made again.
    #[cold]
    fn bind_again(&self, word: usize, bit: u32, slot: &Slot, next: usize) {
        if self.touched(word).load(Relaxed) & 1 << bit != 0 {
            own::replace(&slot.tag, tag::UNBOUND, next);
        }
    }
}

/// The value of a slot whose binding was ended, where a handler may have bound it again, or `others_look` at the value
/// without asking for the tag.
#[cold]
fn take_watched(slot: &Slot, mut value: *mut c_void, others_look: bool) -> *mut c_void {
    if others_look {
        // Relaxed: what orders the value's content between threads is the business of who takes it. The exchange is a
        // whole step for other threads too, which may take the value at this moment.
        value = slot.value.swap(ptr::null_mut(), Relaxed);
        compiler_fence(Ordering::SeqCst);
    }
    if slot.tag.load(Relaxed) == tag::UNBOUND {
        return value;
    }
    // A handler has set the key meanwhile: its value replaces the one before, and is still to be visited.
    if others_look {
        // Relaxed: as above. It fails where the handler's value is not the one that was taken.
        let _ = slot.value.compare_exchange(ptr::null_mut(), value, Relaxed, Relaxed);
    }
    ptr::null_mut()
}
