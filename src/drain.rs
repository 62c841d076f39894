//! The slots of one word of `bound`, one after the other, as thread exit visits them.

use crate::capacity::{Capacity, Supported};
use crate::index::Index;
use crate::parts;
use crate::pending::{Flags, Pending};

/// The bits of one word, and how far exit has come.
///
/// It holds the bits as long as it lasts: to clear each bit as its slot is visited would make each visit wait for the
/// word that the one before has written. When it is dropped, be it by a destructor that unwinds, the bits that remain
/// and those that were retained are back in their word.
pub(crate) struct Drain<'a, const N: usize>
where
    Capacity<N>: Supported,
{
    pending: &'a Pending<N>,
    word: usize,
    /// The bit of the slot that is visited, and those of the slots after it.
    remaining: usize,
    /// Bits of slots that stay bound.
    retained: usize,
}

impl<'a, const N: usize> Drain<'a, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    pub(crate) fn new(pending: &'a Pending<N>, word: usize) -> Self {
        // In short code the slots that are ahead, as bits.
        let remaining = if parts::IS_SHORT { usize::MAX } else { pending.take(word) };
        Self { pending, word, remaining, retained: 0 }
    }

    /// Passes over the slots of `bits`, which stay bound; those of them that are bound.
    #[inline(always)]
    pub(crate) fn pass(&mut self, bits: usize) -> usize {
        self.retained |= self.remaining & bits;
        self.remaining &= !bits;
        self.retained & bits
    }

    /// The index of the slot to visit, in ascending order.
    #[inline(always)]
    pub(crate) fn current(&mut self) -> Option<Index<N>> {
        if parts::IS_SHORT {
            self.remaining &= self.pending.bits(self.word);
        }
        if self.remaining == 0 {
            return None;
        }
        let bit = self.remaining.trailing_zeros();
        if parts::IS_SHORT {
            self.pending.take_bit(self.word, 1 << bit);
        }
        Some(Pending::<N>::index(self.word, bit))
    }

    /// Goes on to the next slot.
    #[inline(always)]
    pub(crate) fn advance(&mut self) {
        if parts::IS_SHORT {
            // Those of higher indexes, also if they are bound meanwhile.
            self.remaining = !(self.remaining ^ (self.remaining - 1));
            return;
        }
        self.collect(self.remaining ^ (self.remaining - 1));
        self.remaining &= self.remaining - 1;
    }

    /// Leaves the slot that is visited bound, for a later round, and goes on to the next.
    #[inline(always)]
    pub(crate) fn retain(&mut self) {
        let bit = self.remaining & !(self.remaining - 1);
        if parts::IS_SHORT {
            self.pending.put(self.word, bit, Flags::empty());
        } else {
            self.retained |= bit;
        }
        self.advance();
    }

    /// Takes the bits of slots that were bound since. Those of `passed` stay for a later round, the others have their
    /// turn.
    #[inline(always)]
    pub(crate) fn collect(&mut self, passed: usize) {
        if self.pending.has_bits(self.word) {
            let bits = self.pending.take(self.word);
            self.remaining |= bits & !passed;
            self.retained |= bits & passed;
        }
    }
}

impl<const N: usize> Drop for Drain<'_, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    fn drop(&mut self) {
        let bits = self.remaining | self.retained;
        if !parts::IS_SHORT && bits != 0 {
            self.pending.put(self.word, bits, Flags::empty());
        }
    }
}
