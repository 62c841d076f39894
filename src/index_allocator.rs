//! Which indexes of a table are owned, and how many.
//!
//! Invariants:
//!
//! - A bit in `used` says that its index is owned: by a live key, by a creator or deleter at work, or retired. (The
//!   indexes of static keys, below `statics`, are owned without a bit.)
//! - `reserved` is raised before a bit is searched and lowered after one was cleared. Whoever has raised it will find a
//!   clear bit: there are always at least as many as creators that still search.

use crate::capacity::{Capacity, Supported, private::Bits};
use crate::error::Error;
use crate::index::{BITS, Index};
use crate::parts::{LISTINGS, STATIC_KEYS};
use crate::sync::{Acquire, AtomicUsize, Relaxed, Release, const_fn};

/// Which of the indexes 0 to `N - 1` are owned.
// In C's layout, as the table of which it is a part: C code that has static keys writes one.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct IndexAllocator<const N: usize>
where
    Capacity<N>: Supported,
{
    used: <Capacity<N> as Bits>::Shared,
    reserved: AtomicUsize,
    retired: AtomicUsize,
    high_water: AtomicUsize,
    /// The static keys have the indexes below this one.
    statics: usize,
}

impl<const N: usize> IndexAllocator<N>
where
    Capacity<N>: Supported,
{
    /// Whether a creator reserves one before it searches. Where there is one word and no count is wanted, the word alone
    /// says that all are owned.
    const RESERVES: bool = LISTINGS || N > BITS;

    const_fn! {
        /// All free.
        pub(crate) fn new() -> Self {
            Self {
                #[cfg(not(loom))]
                used: <Capacity<N> as Bits>::NONE_SHARED,
                #[cfg(loom)]
                used: <Capacity<N> as Bits>::none_shared(),
                reserved: AtomicUsize::new(0),
                retired: AtomicUsize::new(0),
                high_water: AtomicUsize::new(0),
                statics: 0,
            }
        }
    }

    const_fn! {
        /// Reserves the first `count` for static keys, for ever.
        pub(crate) fn reserve_static(&mut self, count: usize) {
            self.statics = count;
            self.reserved = AtomicUsize::new(count);
            self.high_water = AtomicUsize::new(count);
        }
    }

    /// Whether the index is that of a static key.
    #[inline]
    pub(crate) fn is_static(&self, index: Index<N>) -> bool {
        index.number() < self.statics()
    }

    /// How many static keys there are.
    pub(crate) const fn statics(&self) -> usize {
        if STATIC_KEYS { self.statics } else { 0 }
    }

    /// The bits of a word that stand for static keys.
    #[inline(always)]
    pub(crate) fn static_bits(&self, word: usize) -> usize {
        mask_below(self.statics().saturating_sub(word * BITS))
    }

    /// How many live keys there are.
    pub(crate) fn in_use(&self) -> usize {
        // Relaxed: counts for display, of different moments.
        if !Self::RESERVES {
            return self.used.as_ref().iter().map(|word| word.load(Relaxed).count_ones() as usize).sum();
        }
        self.reserved.load(Relaxed).saturating_sub(self.retired.load(Relaxed))
    }

    /// The largest number that `in_use` ever was.
    pub(crate) fn high_water(&self) -> usize {
        // Relaxed: a count for display.
        self.high_water.load(Relaxed)
    }

    /// How many indexes are retired.
    pub(crate) fn retired(&self) -> usize {
        // Relaxed: a count for display.
        self.retired.load(Relaxed)
    }

    /// Allocates a free index.
    // Always inlined: the caller must know the bound.
    #[inline(always)]
    pub(crate) fn allocate(&self) -> Result<Index<N>, Error> {
        if Self::RESERVES {
            self.reserve()?;
        }
        let (word, bit) = self.claim()?;
        // SAFETY: `claim` gives a bit of `allowed`, which are those below N.
        Ok(unsafe { Index::of_bit(word, bit) })
    }

    /// Notes that one more is in use.
    #[inline]
    pub(crate) fn note_high_water(&self) {
        if !LISTINGS {
            return;
        }
        let in_use = self.in_use();
        // Relaxed: a count for display. Looked at first, since it seldom grows.
        if in_use > self.high_water.load(Relaxed) {
            self.high_water.fetch_max(in_use, Relaxed);
        }
    }

    /// Frees an index.
    #[inline]
    pub(crate) fn free(&self, index: Index<N>) {
        // Release: pairs with the Acquire in `claim`; the next owner sees the dead tag.
        self.used.as_ref()[index.word()].fetch_and(!index.bit(), Release);
        // Release: pairs with the Acquire in `reserve`; whoever gets the reservation finds the cleared bit.
        if Self::RESERVES {
            self.reserved.fetch_sub(1, Release);
        }
    }

    /// Counts an index that stays owned for ever.
    #[inline]
    pub(crate) fn retire(&self) {
        if LISTINGS {
            // Relaxed: a count.
            self.retired.fetch_add(1, Relaxed);
        }
    }

    /// Reserves one of the indexes that are free.
    fn reserve(&self) -> Result<(), Error> {
        // Acquire: pairs with the Release in `free`; the bit that was cleared before is visible to `claim`.
        // Relaxed load and failure: the number is checked anew at each try.
        self.reserved
            .fetch_update(Acquire, Relaxed, |reserved| (reserved < N).then_some(reserved + 1))
            .map(|_| ())
            .map_err(|_| if self.retired.load(Relaxed) == 0 { Error::TableFull } else { Error::TableWornOut })
    }

    /// The word and the bit of a free index, owned from now on. For a creator that has reserved one: then a clear bit
    /// exists, and a search that misses it has been overtaken by another creator that found one. Where none is reserved
    /// there is one word, and if this finds none there was a moment when it had no clear bit.
    #[inline(always)]
    fn claim(&self) -> Result<(usize, u32), Error> {
        loop {
            for (word, bits) in self.used.as_ref().iter().enumerate() {
                let used = bits.load(Relaxed);
                if Self::RESERVES && used == usize::MAX {
                    continue;
                }
                let mut free = !used & self.allowed(word);
                while free != 0 {
                    let bit = free & free.wrapping_neg();
                    // Acquire: pairs with the Release in `free`; the dead tag is visible.
                    let before = bits.fetch_or(bit, Acquire);
                    if before & bit == 0 {
                        return Ok((word, bit.trailing_zeros()));
                    }
                    free = !before & self.allowed(word) & !bit;
                }
                if !Self::RESERVES {
                    return Err(Error::TableFull);
                }
            }
            #[cfg(loom)]
            loom::thread::yield_now();
        }
    }

    /// The bits of a word of `used` that stand for indexes that run-time keys may have.
    fn allowed(&self, word: usize) -> usize {
        let first = word * BITS;
        mask_below(N - first) & !self.static_bits(word)
    }
}

/// A mask of the lowest `count` bits.
const fn mask_below(count: usize) -> usize {
    if count >= BITS { usize::MAX } else { (1 << count) - 1 }
}
