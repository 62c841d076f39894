//! The visit of thread exit to the slots of one word of `touched`.
//!
//! It holds the word's bits while it lasts. A slot whose value is due is bound to no key any more before the destructor
//! has it: the key reads NULL from then on, and nothing has to be stored over the value. So neither a later round nor the
//! end of the exit looks at the slot again, unless it was bound anew. The value is read on both sides of that step: a
//! handler that sets the key before replaces it, one that sets the key behind has found NULL, and both values are due.
//!
//! A destructor or an interrupt handler that binds a slot meanwhile raises the bit in `work` that was lowered when the
//! visit began. That one word is all that is asked between a value and its destructor.
//!
//! As in [`slots`](crate::slots), what is relaxed here is of one thread and its interrupts only, but where a comment says
//! who else looks.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::key::{Destructor, tag};
use crate::own;
use crate::slots::{Slot, Slots};
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
        // Until nothing is touched that the tag may be older than: what is bound later was bound by a handler, which `take`
        // must tell from what a destructor has bound before.
        loop {
            let tag = self.slot().tag.load(Relaxed);
            compiler_fence(Ordering::SeqCst);
            if self.slots.touched(self.word).load(Relaxed) == 0 {
                return Some((tag, self.entry().destructor()));
            }
            self.take_later();
        }
    }

    /// Leaves the slot as it is.
    #[inline(always)]
    pub(crate) fn keep(&mut self) {
        self.kept |= 1 << self.bit;
    }

    /// Takes the slot's value under the key of `tag`, which [`next`](Self::next) gave, and ends the binding. NULL if there
    /// was none, or if the key has been deleted.
    #[inline(always)]
    pub(crate) fn take(&mut self, tag: usize) -> *mut c_void {
        let slot = self.slot();
        if (self.bit as usize) < self.word_statics || self.slots.is_shared() {
            self.keep();
            return take_watched(slot, self.entry(), tag);
        }
        let before = slot.value.load(Relaxed);
        // Asked before the binding ends: what a handler has bound the slot to since, if the key is dead for longer, could not
        // be told any more.
        if self.entry().tag_behind_destructor() != tag {
            self.keep();
            return ptr::null_mut();
        }
        compiler_fence(Ordering::SeqCst);
        slot.tag.store(tag::UNBOUND, Relaxed);
        compiler_fence(Ordering::SeqCst);
        let value = slot.value.load(Relaxed);
        if !self.slots.has(Slots::<N>::group(self.word)) {
            return value;
        }
        let is_bound_again = self.slots.touched(self.word).load(Relaxed) & 1 << self.bit != 0;
        take_bound_again::<N>(slot, self.entry(), tag, before, value, is_bound_again)
    }

    /// Takes the bits of slots that were touched since the visit began.
    #[inline(always)]
    fn take_later(&mut self) {
        (self.ahead, self.kept) = with_later(self.slots, self.word, self.bit, self.ahead, self.kept);
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

/// `ahead` and `kept` with the bits of slots that were touched since.
#[inline(never)]
fn with_later<const N: usize>(slots: &Slots<N>, word: usize, bit: u32, ahead: usize, kept: usize) -> (usize, usize)
where
    Capacity<N>: Supported,
{
    let bits = slots.take_bits(word, Slots::<N>::IS_GROUP_OF_ONE);
    let behind = usize::MAX >> (usize::BITS - 1 - bit);
    (ahead | bits & !behind, kept | bits & behind)
}

/// What is due where a handler may have bound the slot while its binding to the key of `tag` was ended: the value `before`
/// that, or the one behind it.
#[cold]
fn take_bound_again<const N: usize>(
    slot: &Slot,
    entry: &Entry,
    tag: usize,
    before: *mut c_void,
    value: *mut c_void,
    is_bound_again: bool,
) -> *mut c_void {
    if slot.tag.load(Relaxed) != tag::UNBOUND {
        // Behind: the key had read NULL then, and the handler's value is still to be visited.
        return before;
    }
    let now = entry.tag_behind_destructor();
    if !is_bound_again || now == tag {
        return value;
    }
    if tag::is_next(tag, now, N) {
        // Before, to the next key at this index, and that binding was ended for the other.
        own::replace(&slot.tag, tag::UNBOUND, now);
    }
    ptr::null_mut()
}

/// Takes the value of a slot where others look at it without asking for the tag: a static key's owner, or another thread
/// that may take it. The slot stays bound, so that a handler's value can't be hidden from them; the exchange is one step for
/// all of them.
#[cold]
fn take_watched(slot: &Slot, entry: &Entry, tag: usize) -> *mut c_void {
    // Relaxed: what orders the value's content between threads is the business of who takes it.
    let value = slot.value.swap(ptr::null_mut(), Relaxed);
    compiler_fence(Ordering::SeqCst);
    if slot.tag.load(Relaxed) != tag {
        // A handler has bound the slot to a later key before: the value is that key's.
        // Relaxed: as above. It fails where a handler has stored another one since.
        let _ = slot.value.compare_exchange(ptr::null_mut(), value, Relaxed, Relaxed);
        return ptr::null_mut();
    }
    if entry.tag_behind_destructor() == tag { value } else { ptr::null_mut() }
}
