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
use crate::table::KeyTable;

/// The bits of one word, and how far the visit has come.
///
/// When it is dropped, be it by a destructor that unwinds, they are back in their word, but for those whose slots are not
/// bound any more.
pub(crate) struct Visit<'a, const N: usize>
where
    Capacity<N>: Supported,
{
    table: &'a KeyTable<N>,
    slots: &'a Slots<N>,
    word: usize,
    /// Bits of slots that were not visited yet.
    ahead: usize,
    /// Bits of slots that stay touched.
    kept: usize,
    /// The bit of the slot that is visited now.
    bit: u32,
}

impl<'a, const N: usize> Visit<'a, N>
where
    Capacity<N>: Supported,
{
    pub(crate) fn begin(table: &'a KeyTable<N>, slots: &'a Slots<N>, word: usize) -> Self {
        Self { table, slots, word, ahead: take_bits(slots, word), kept: 0, bit: 0 }
    }

    /// The tag of the next slot, in ascending order, and the destructor at its index, which is the key's if
    /// [`take`](Self::take) gives a value. Slots that were touched behind the present one are visited too.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(usize, Option<Destructor>)> {
        if self.ahead == 0 {
            self.take_later();
            if self.ahead == 0 {
                return None;
            }
        }
        self.bit = self.ahead.trailing_zeros();
        self.ahead &= self.ahead - 1;
        Some((self.slot().tag.load(Relaxed), self.table.destructor_at(self.index())))
    }

    /// Leaves the slot as it is.
    #[inline]
    pub(crate) fn keep(&mut self) {
        self.kept |= 1 << self.bit;
    }

    /// Ends the slot's binding to the key of `tag`, which [`next`](Self::next) gave, and takes its value. NULL if there was
    /// none, or if the key has been deleted.
    #[inline]
    pub(crate) fn take(&mut self, tag: usize) -> *mut c_void {
        let slot = self.slot();
        slot.tag.store(tag::UNBOUND, Relaxed);
        compiler_fence(Ordering::SeqCst);
        let value = slot.value.load(Relaxed);
        let now = self.table.tag_behind_destructor(self.index());
        if now != tag {
            self.deleted(tag, now);
            return ptr::null_mut();
        }
        // The key lives, so no handler had bound the slot to another one before its tag was stored over. A static key's
        // value is looked at without asking for the tag.
        if self.table.places.is_static(self.index()) || self.slots.has(SHARED | Slots::<N>::group(self.word)) {
            self.take_watched(value)
        } else {
            value
        }
    }

    /// Takes a value that others look at, or which a handler may have replaced.
    #[cold]
    fn take_watched(&mut self, mut value: *mut c_void) -> *mut c_void {
        let slot = self.slot();
        let others_look = self.table.places.is_static(self.index()) || self.slots.has(SHARED);
        if others_look {
            // Relaxed: what orders the value's content between threads is the business of who takes it. The exchange is a
            // whole step for other threads too, which may take the value at this moment.
            value = slot.value.swap(ptr::null_mut(), Relaxed);
            compiler_fence(Ordering::SeqCst);
        }
        self.take_later();
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

    /// The key of `tag` is deleted. If a handler has bound the slot to the next key at this index, just before that binding
    /// was taken for the old one and ended, it is bound again.
    #[cold]
    fn deleted(&mut self, tag: usize, now: usize) {
        if self.take_later() & 1 << self.bit != 0 && tag::is_next(tag, now, N) {
            own::replace(&self.slot().tag, tag::UNBOUND, now);
        }
    }

    /// Takes the bits of slots that were touched since the visit began; which they are.
    #[cold]
    fn take_later(&mut self) -> usize {
        let bits = take_bits(self.slots, self.word);
        let behind = usize::MAX >> (usize::BITS - 1 - self.bit);
        self.ahead |= bits & !behind;
        self.kept |= bits & behind;
        bits
    }

    // Always inlined: the bound of the index must be known wherever it is used.
    #[inline(always)]
    fn index(&self) -> usize {
        Slots::<N>::index_of_bit(self.word, self.bit)
    }

    #[inline(always)]
    fn slot(&self) -> &'a Slot {
        &self.slots.slots[self.index()]
    }
}

/// Takes the bits of a word. Where a bit of `work` stands for several words it stays raised.
fn take_bits<const N: usize>(slots: &Slots<N>, word: usize) -> usize
where
    Capacity<N>: Supported,
{
    slots.take_bits(word, Slots::<N>::WORDS_PER_BIT == 1)
}

impl<const N: usize> Drop for Visit<'_, N>
where
    Capacity<N>: Supported,
{
    #[inline]
    fn drop(&mut self) {
        let bits = self.ahead | self.kept;
        if bits != 0 {
            self.slots.put_bits(self.word, bits);
        }
    }
}
