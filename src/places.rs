//! The places of a table: which indexes are owned, and how many.
//!
//! Invariants:
//!
//! - A bit in `used` says that its index is owned: by a live key, by a creator or deleter at work, or retired. (The
//!   indexes of static keys, below `statics`, are owned without a bit.)
//! - `reserved` is raised before a bit is searched and lowered after one was cleared. Who has raised it will find a
//!   bit: there are always at least as many clear bits as creators still searching.

use core::hint;

use crate::capacity::{Capacity, Supported, private::Bits};
use crate::error::Error;
use crate::sync::{Acquire, AtomicUsize, Relaxed, Release, const_fn};

/// Which of the indexes 0 to `N - 1` are owned.
// In C's layout, as the table of which it is a part: C code that has static keys writes one.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Places<const N: usize>
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

const BITS: usize = usize::BITS as usize;

impl<const N: usize> Places<N>
where
    Capacity<N>: Supported,
{
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
        /// The first `count` are owned for ever.
        pub(crate) fn own_statics(&mut self, count: usize) {
            self.statics = count;
            self.reserved = AtomicUsize::new(count);
            self.high_water = AtomicUsize::new(count);
        }
    }

    /// Whether the index is that of a static key.
    #[inline]
    pub(crate) fn is_static(&self, index: usize) -> bool {
        index < self.statics
    }

    /// How many static keys there are.
    pub(crate) fn statics(&self) -> usize {
        self.statics
    }

    /// The bits of a word that stand for static keys.
    #[inline(always)]
    pub(crate) fn statics_of(&self, word: usize) -> usize {
        mask_below(self.statics.saturating_sub(word * BITS))
    }

    /// How many live keys there are.
    pub(crate) fn in_use(&self) -> usize {
        // Relaxed: counts for display, of different moments.
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

    /// Owns a free index, below N.
    // Always inlined: the caller must know the bound.
    #[inline(always)]
    pub(crate) fn take(&self) -> Result<usize, Error> {
        self.reserve()?;
        let index = self.claim();
        // SAFETY: `claim` gives a bit of `allowed`, which are those below N.
        unsafe { hint::assert_unchecked(index < N) };
        Ok(index)
    }

    /// Notes that one more is in use.
    #[inline]
    pub(crate) fn note_high_water(&self) {
        let in_use = self.in_use();
        // Relaxed: a count for display. Looked at first, since it seldom grows.
        if in_use > self.high_water.load(Relaxed) {
            self.high_water.fetch_max(in_use, Relaxed);
        }
    }

    /// Gives back an index.
    #[inline]
    pub(crate) fn give_back(&self, index: usize) {
        // Release: pairs with the Acquire in `claim`; the next owner sees the dead tag.
        self.used.as_ref()[index / BITS].fetch_and(!(1 << (index % BITS)), Release);
        // Release: pairs with the Acquire in `reserve`; who gets this place will find the cleared bit.
        self.reserved.fetch_sub(1, Release);
    }

    /// Counts an index that stays owned for ever.
    #[inline]
    pub(crate) fn retire(&self) {
        // Relaxed: a count.
        self.retired.fetch_add(1, Relaxed);
    }

    /// Takes one of the places that are free.
    fn reserve(&self) -> Result<(), Error> {
        // Acquire: pairs with the Release in `give_back`; the bit that was cleared before is visible to `claim`.
        // Relaxed load and failure: the number is checked anew at each try.
        self.reserved
            .fetch_update(Acquire, Relaxed, |reserved| (reserved < N).then_some(reserved + 1))
            .map(|_| ())
            .map_err(|_| if self.retired.load(Relaxed) == 0 { Error::TableFull } else { Error::TableWornOut })
    }

    /// Owns a free index, below N. Only for who has reserved one: then a clear bit exists, and a search that misses it has
    /// been overtaken by another create that got one.
    fn claim(&self) -> usize {
        loop {
            for (word, bits) in self.used.as_ref().iter().enumerate() {
                let used = bits.load(Relaxed);
                if used == usize::MAX {
                    continue;
                }
                let mut free = !used & self.allowed(word);
                while free != 0 {
                    let bit = free & free.wrapping_neg();
                    // Acquire: pairs with the Release in `give_back`; the dead tag is visible.
                    let before = bits.fetch_or(bit, Acquire);
                    if before & bit == 0 {
                        return word * BITS + bit.trailing_zeros() as usize;
                    }
                    free = !before & self.allowed(word) & !bit;
                }
            }
            #[cfg(loom)]
            loom::thread::yield_now();
        }
    }

    /// The bits of a word of `used` that stand for places which run-time keys may have.
    fn allowed(&self, word: usize) -> usize {
        let first = word * BITS;
        mask_below(N - first) & !self.statics_of(word)
    }
}

/// A mask of the lowest `count` bits.
const fn mask_below(count: usize) -> usize {
    if count >= BITS { usize::MAX } else { (1 << count) - 1 }
}
