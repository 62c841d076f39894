//! The slots of one word of `bound`, one after the other, as thread exit comes to them.

use crate::capacity::{Capacity, Supported};
use crate::pending::{Pending, SHARED};

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
    /// The bit of the slot visited last; of none before the first.
    last: u32,
    /// Whether other threads may take values.
    is_shared: bool,
}

impl<'a, const N: usize> Drain<'a, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    pub(crate) fn new(pending: &'a Pending<N>, word: usize) -> Self {
        Self { pending, word, remaining: pending.take(word), retained: 0, last: u32::MAX, is_shared: false }
    }

    /// The index of the next slot, in ascending order, and whether other threads may take its value. A slot that is bound on
    /// the way has its turn if it lies ahead.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<(usize, bool)> {
        // One look for what seldom is there.
        if self.pending.has(Pending::<N>::summary_bit(self.word) | SHARED) {
            self.look();
        }
        if self.remaining == 0 {
            return None;
        }
        self.last = self.remaining.trailing_zeros();
        self.remaining &= self.remaining - 1;
        Some((Pending::<N>::index(self.word, self.last), self.is_shared))
    }

    /// Takes the bits of slots that were bound since, and sees whether the slots are shared.
    #[inline(always)]
    fn look(&mut self) {
        self.is_shared = self.pending.has(SHARED);
        if self.pending.has_bits(self.word) {
            let bits = self.pending.take(self.word);
            let ahead = usize::MAX.checked_shl(self.last.wrapping_add(1)).unwrap_or(0);
            self.remaining |= bits & ahead;
            self.retained |= bits & !ahead;
        }
    }

    /// Leaves the slot visited last bound, for a later round.
    #[inline(always)]
    pub(crate) fn retain(&mut self) {
        self.retained |= 1 << self.last;
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
