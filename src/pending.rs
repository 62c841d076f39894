//! What thread exit must look at: flags, and a bit for each slot that is bound to a key.
//!
//! Invariant: a slot that is bound to a key has its bit in `bound`, and that bit's word has one in `summary`. Only
//! thread exit holds bits of its own, while it visits their slots. So exit takes time in proportion to what was set,
//! and where `summary` is 0 it has nothing to do.
//!
//! As in [`slots`](crate::slots), all of it belongs to one thread and the interrupts that stop it.

use core::hint;

use bitflags::bitflags;

use crate::capacity::{Capacity, Supported, private::Bits};
use crate::index::{BITS, Index};
use crate::local;
use crate::parts;
use crate::sync::Relaxed;
use crate::sync::local::AtomicUsize;
use crate::tag::Phase;

bitflags! {
    /// What is due or under way on a thread.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Flags: usize {
        /// Detach notifications are due.
        const ATTACHED = 1 << 0;
        /// Thread exit is under way.
        const EXITING = 1 << 1;
        /// Thread-exit functions were registered.
        const FUNCTIONS = 1 << 2;
        /// The thread is in a `once` initialiser.
        const INITIALISING = 1 << 3;
        /// Others than thread exit may have taken the value that it takes: another thread, or a handler that set it
        /// aside.
        const CONTESTED = 1 << 4;
        /// Slots were bound to keys of the last phase.
        const LAST_PHASE = (Phase::Last as usize) << LAST_PHASE_SHIFT;
    }
}

impl Flags {
    /// Those that tell of slots, as long as the thread's exit is not over.
    #[inline(always)]
    pub(crate) const fn of_slots() -> Self {
        let contested = if parts::SHARED_SLOTS { Self::CONTESTED } else { Self::empty() };
        contested.union(if parts::LAST_PHASE { Self::LAST_PHASE } else { Self::empty() })
    }
}

/// From a phase to the flag.
const LAST_PHASE_SHIFT: u32 = 4;
/// The number of flags in `summary`.
const FLAGS: usize = 6;

/// The flags of one thread, and the bits of its slots.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Pending<const N: usize>
where
    Capacity<N>: Supported,
{
    /// The flags above, and from bit `FLAGS` on a bit for each run of `WORDS_PER_BIT` words of `bound`. In short code
    /// thread exit's flag alone, which no handler sets, and no bits: exit looks at each word.
    summary: AtomicUsize,
    bound: <Capacity<N> as Bits>::Local,
}

impl<const N: usize> Pending<N>
where
    Capacity<N>: Supported,
{
    /// The number of words of `bound`.
    pub(crate) const WORDS: usize = N.div_ceil(BITS);

    /// The number of words of `bound` for which one bit of `summary` stands: 1 up to 3712 keys (832 on 32-bit targets).
    const WORDS_PER_BIT: usize = Self::WORDS.div_ceil(BITS - FLAGS);

    /// Whether a word of `bound` has a bit of `summary` to itself, which can be cleared as soon as the word is.
    const HAS_OWN_BIT: bool = Self::WORDS_PER_BIT == 1;

    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self { summary: AtomicUsize::new(0), bound: <Capacity<N> as Bits>::NONE_LOCAL }
    }

    /// Whether there is nothing at all.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.summary.load(Relaxed) == 0 && (!parts::IS_SHORT || self.is_settled())
    }

    /// Whether a thread exit that is under way has nothing to look at.
    #[inline(always)]
    pub(crate) fn is_settled(&self) -> bool {
        if parts::IS_SHORT {
            let mut word = 0;
            // In this form compilers for size, too, make no loop for one word.
            loop {
                if self.has_bits(word) {
                    return false;
                }
                word += 1;
                if word >= Self::WORDS {
                    return true;
                }
            }
        }
        self.summary.load(Relaxed) & (Flags::FUNCTIONS.bits() | usize::MAX << FLAGS) == 0
    }

    /// Whether one of these flags is set.
    #[inline(always)]
    pub(crate) fn has_any(&self, flags: Flags) -> bool {
        self.summary.load(Relaxed) & flags.bits() != 0
    }

    /// Sets flags.
    #[inline]
    pub(crate) fn set_flags(&self, flags: Flags) {
        if parts::IS_SHORT {
            self.summary.store(flags.bits(), Relaxed);
            return;
        }
        local::set_bits(&self.summary, flags.bits());
    }

    /// Clears flags.
    #[inline]
    pub(crate) fn clear_flags(&self, flags: Flags) {
        if parts::IS_SHORT {
            self.summary.store(0, Relaxed);
            return;
        }
        local::clear_bits(&self.summary, flags.bits());
    }

    /// Sets a flag; whether it was set.
    pub(crate) fn test_and_set(&self, flag: Flags) -> bool {
        // A handler that sets the flag between the two has done what was to be done here, as if it had come after.
        let was_set = self.has_any(flag);
        self.set_flags(flag);
        was_set
    }

    /// Clears a flag; whether it was set.
    pub(crate) fn test_and_clear(&self, flag: Flags) -> bool {
        let was_set = self.has_any(flag);
        if was_set {
            self.clear_flags(flag);
        }
        was_set
    }

    /// Notes that the slot at `index` is about to be bound to a key of a phase.
    #[cfg_attr(minimal, inline(always))]
    pub(crate) fn note(&self, index: Index<N>, phase: Phase) {
        self.put(index.word(), index.bit(), Flags::from_bits_retain((phase as usize) << LAST_PHASE_SHIFT));
    }

    /// The index that a bit of a word stands for.
    #[inline(always)]
    pub(crate) fn index(word: usize, bit: u32) -> Index<N> {
        // SAFETY: `note` sets the bits of slots that there are, and nothing else sets any.
        unsafe { Index::of_bit(word, bit) }
    }

    /// Whether a word has any bits.
    #[inline(always)]
    pub(crate) fn has_bits(&self, word: usize) -> bool {
        self.word(word).load(Relaxed) != 0
    }

    /// Takes the bits of a word, and the one that stands for it out of `summary` unless that stands for others, too.
    #[inline(never)]
    pub(crate) fn take(&self, word: usize) -> usize {
        // `summary` first: a handler that binds a slot from here on sets it again, at worst for a bit that is taken
        // below.
        if Self::HAS_OWN_BIT {
            local::clear_bits(&self.summary, Self::summary_bit(word));
        }
        // A bit that a handler sets between these two stays, unless it is among those taken.
        let bits = self.word(word).load(Relaxed);
        local::clear_bits(self.word(word), bits);
        bits
    }

    /// Puts bits into a word, and what stands for it and flags into `summary`.
    #[inline(never)]
    pub(crate) fn put(&self, word: usize, bits: usize, flags: Flags) {
        local::set_bits(self.word(word), bits);
        if !parts::IS_SHORT {
            local::set_bits(&self.summary, Self::summary_bit(word) | flags.bits());
        }
    }

    /// The bits of a word.
    #[inline(always)]
    pub(crate) fn bits(&self, word: usize) -> usize {
        self.word(word).load(Relaxed)
    }

    /// Takes one bit of a word.
    #[inline(always)]
    pub(crate) fn take_bit(&self, word: usize, bit: usize) {
        local::clear_bits(self.word(word), bit);
    }

    /// Calls `visit` with the number of each word that may have bits.
    pub(crate) fn for_each_word(&self, mut visit: impl FnMut(usize)) {
        if Self::WORDS == 1 {
            if self.summary.load(Relaxed) >> FLAGS != 0 {
                visit(0);
            }
            return;
        }
        let mut groups = self.summary.load(Relaxed) >> FLAGS;
        while groups != 0 {
            let group = groups.trailing_zeros();
            if Self::HAS_OWN_BIT {
                visit(group as usize);
            } else {
                let first = group as usize * Self::WORDS_PER_BIT;
                (first..Self::WORDS).take(Self::WORDS_PER_BIT).for_each(&mut visit);
            }
            groups = self.summary.load(Relaxed) >> FLAGS & (usize::MAX << group) << 1;
        }
    }

    /// Takes out of `summary` the bits of words that have none, where [`take`](Self::take) leaves them.
    pub(crate) fn tidy(&self) {
        if !Self::HAS_OWN_BIT {
            local::clear_bits(&self.summary, usize::MAX << FLAGS);
            // A handler may have set a bit just before.
            for word in (0..Self::WORDS).filter(|&word| self.has_bits(word)) {
                local::set_bits(&self.summary, Self::summary_bit(word));
            }
        }
    }

    #[inline(always)]
    fn word(&self, word: usize) -> &AtomicUsize {
        // SAFETY: it is the word of an index below N, or comes from `for_each_word`.
        unsafe { hint::assert_unchecked(word < Self::WORDS) };
        &self.bound.as_ref()[word]
    }

    /// The bit of `summary` that stands for a word.
    #[inline(always)]
    const fn summary_bit(word: usize) -> usize {
        1 << (FLAGS + word / Self::WORDS_PER_BIT)
    }
}
