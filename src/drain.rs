//! The slots of one word of `bound`, one after the other, as thread exit comes to them.

use crate::capacity::{Capacity, Supported};
use crate::pending::Pending;

/// The bits of one word, and how far exit has come.
///
/// It holds the bits as long as it lasts: to clear each bit as its slot is visited would make each visit wait for the word
/// that the one before has written. When it is dropped, be it by a destructor that unwinds, the bits that remain and those
/// that were retained are back in their word.
pub(crate) struct Drain<'a, const N: usize>
where
    Capacity<N>: Supported,
{
    pending: &'a Pending<N>,
    word: usize,
    /// Bits of slots that are still to be visited.
    remaining: usize,
    /// Bits of slots that stay bound.
    retained: usize,
    /// The bits up to that of the slot visited last.
    passed: usize,
}

impl<'a, const N: usize> Drain<'a, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    pub(crate) fn new(pending: &'a Pending<N>, word: usize) -> Self {
        Self { pending, word, remaining: pending.take(word), retained: 0, passed: 0 }
    }

    /// Passes over the slots of `bits`, which stay bound; those of them that are bound.
    #[inline(always)]
    pub(crate) fn pass(&mut self, bits: usize) -> usize {
        self.passed |= bits;
        self.retained |= self.remaining & bits;
        self.remaining &= !bits;
        self.retained & bits
    }

    /// The index of the next slot, in ascending order. A slot that is bound on the way has its turn if it lies ahead.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<usize> {
        if self.pending.has_bits(self.word) {
            let bits = self.pending.take(self.word);
            self.remaining |= bits & !self.passed;
            self.retained |= bits & self.passed;
        }
        let bit = self.remaining.trailing_zeros();
        if self.remaining == 0 {
            return None;
        }
        self.passed = self.remaining ^ (self.remaining - 1);
        self.remaining &= self.remaining - 1;
        Some(Pending::<N>::index(self.word, bit))
    }

    /// Leaves the slot visited last bound, for a later round.
    #[inline(always)]
    pub(crate) fn retain(&mut self) {
        self.retained |= self.passed & !(self.passed >> 1);
    }
}

impl<const N: usize> Drop for Drain<'_, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    fn drop(&mut self) {
        let bits = self.remaining | self.retained;
        if bits != 0 {
            self.pending.put(self.word, bits, 0);
        }
    }
}
