//! The tag, in which a key is told from its predecessors at the same index.
//!
//! A tag is one word:
//!
//! ```text
//!  63 .. SHIFT+b        SHIFT+b-1 .. SHIFT      SHIFT-1 .. 2     1            0
//!  generation, high     index (b = log2 N)      generation, low  last phase   live
//! ```
//!
//! - The index stands where it is a byte offset already: a slot and a table entry are both `1 << SHIFT` bytes, so
//!   masking the key is all that finds them.
//! - A dead entry's tag is even and has no index (but for [`Tag::RETIRED`], which is all ones), a live one's is odd: no
//!   dead tag equals a live one, no key is 0.
//! - Deleting adds one to the generation; the carry runs across the index. On 64-bit targets it would take 2^55
//!   re-uses of one index (N = 128) to come round; an index whose generations are used up is retired, never wrapped.
//! - The key that users hold is the tag's low 32 bits.
//!
//! What calls make of tags is always inlined: with a constant capacity it is an instruction or two. Where the compiler
//! optimises for size it would not be, and neither masks nor the bounds of the table would be constants.

use crate::key::Key;
use crate::parts;

/// log2 of the size of a slot and of a table entry: two words.
pub(crate) const SHIFT: u32 = size_of::<[usize; 2]>().trailing_zeros();

/// The entry has a key.
const LIVE: usize = 1 << 0;
/// The key belongs to the last phase.
const LAST_PHASE: usize = 1 << 1;

/// The state of a table entry; in a slot, the key to which the slot is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Tag(usize);

/// How often an index was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(pub(crate) usize);

/// A phase of thread exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Phase {
    /// In which the destructors of most keys run.
    Ordinary = 0,
    /// After it.
    Last = LAST_PHASE,
}

impl Tag {
    /// The tag of a slot that was never bound: that of dead entries of generation 0, for which there is no key.
    pub(crate) const NEVER_BOUND: Self = Self(0);

    /// The tag of a slot that was bound to a key and is not any more. No entry has it: a dead tag never has the bit of
    /// the last phase alone.
    pub(crate) const UNBOUND: Self = Self(LAST_PHASE);

    /// The tag of an entry whose generations are used up; even, so never equal to a live tag, and never left again.
    pub(crate) const RETIRED: Self = Self(usize::MAX & !LIVE);

    /// The tag of this word.
    #[inline(always)]
    pub(crate) const fn from_word(word: usize) -> Self {
        Self(word)
    }

    /// The word, as an atomic holds it.
    #[inline(always)]
    pub(crate) const fn word(self) -> usize {
        self.0
    }

    /// Whether it is a key's.
    #[inline(always)]
    pub(crate) const fn is_live(self) -> bool {
        self.0 & LIVE != 0
    }

    /// The phase in which the key's destructor runs.
    #[inline(always)]
    pub(crate) const fn phase(self) -> Phase {
        if parts::LAST_PHASE && self.0 & LAST_PHASE != 0 { Phase::Last } else { Phase::Ordinary }
    }

    /// Whether the key's destructor runs in this phase.
    #[inline(always)]
    pub(crate) const fn is_of(self, phase: Phase) -> bool {
        !parts::LAST_PHASE || self.0 & LAST_PHASE == phase as usize
    }

    /// Whether it is a key's, whose destructor runs in this phase.
    #[inline(always)]
    pub(crate) const fn is_live_in(self, phase: Phase) -> bool {
        let kind = if parts::LAST_PHASE { LAST_PHASE | LIVE } else { LIVE };
        self.0 & kind == phase as usize & kind | LIVE
    }

    /// The key that has this tag.
    #[inline(always)]
    pub(crate) const fn key(self) -> Key {
        // The low 32 bits, whatever the width of a pointer.
        Key::from_raw(self.0 as u32)
    }

    /// The index of a live tag, in bytes from the first slot or entry. Perhaps none of the table's, if the tag is not
    /// live.
    #[inline(always)]
    pub(crate) const fn offset(self, capacity: usize) -> usize {
        self.0 & index_mask(capacity)
    }

    /// Whether it is live and of the index at `offset`.
    #[inline(always)]
    pub(crate) const fn is_live_at(self, offset: usize, capacity: usize) -> bool {
        self.0 & (index_mask(capacity) | LIVE) == offset | LIVE
    }

    /// The live tag that follows this dead one, at `offset`.
    #[inline(always)]
    pub(crate) const fn next_live(self, offset: usize, phase: Phase) -> Self {
        Self(self.0 | offset | phase as usize | LIVE)
    }

    /// The dead tag that follows this live one, or [`RETIRED`](Self::RETIRED) where no generation is left.
    #[inline(always)]
    pub(crate) const fn next_dead(self, capacity: usize) -> Self {
        match (self.0 | !generation_mask(capacity)).checked_add(1) {
            Some(next) => Self(next & generation_mask(capacity)),
            None => Self::RETIRED,
        }
    }

    /// The dead tag with which `generation` begins.
    pub(crate) const fn at_generation(generation: Generation, capacity: usize) -> Self {
        let low_bits = SHIFT - 2;
        let low = generation.0 & ((1 << low_bits) - 1);
        let high = generation.0 >> low_bits;
        Self(low << 2 | high << (SHIFT + index_bits(capacity)))
    }

    /// The generation of a live tag, or the one with which a dead tag begins.
    pub(crate) const fn generation(self, capacity: usize) -> Generation {
        let low_bits = SHIFT - 2;
        let low = self.0 >> 2 & ((1 << low_bits) - 1);
        Generation(self.0 >> (SHIFT + index_bits(capacity)) << low_bits | low)
    }

    /// Whether `key` can have been one of this entry before the entry came to this tag.
    #[inline(always)]
    pub(crate) const fn has_outlived(self, key: Key, capacity: usize) -> bool {
        let (key, generation) = (Self(key.raw() as usize), generation_mask(capacity));
        // Where a handle has all bits of the tag, the last generation is as large as what follows it.
        let is_retired = usize::BITS == u32::BITS && self.0 == Self::RETIRED.0;
        let is_earlier = key.0 & generation < self.0 & generation || is_retired;
        key.is_live() && key.offset(capacity) >> SHIFT < capacity && is_earlier
    }
}

impl Generation {
    /// The last generation that an index can have.
    pub(crate) const fn last(capacity: usize) -> Self {
        Self(usize::MAX >> (index_bits(capacity) + 2))
    }
}

/// The number of bits that hold the index.
const fn index_bits(capacity: usize) -> u32 {
    capacity.next_power_of_two().trailing_zeros()
}

/// The bits that hold the index.
#[inline(always)]
pub(crate) const fn index_mask(capacity: usize) -> usize {
    (capacity.next_power_of_two() - 1) << SHIFT
}

/// The bits that hold the generation.
#[inline(always)]
const fn generation_mask(capacity: usize) -> usize {
    !(index_mask(capacity) | LAST_PHASE | LIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASES: [Phase; 2] = [Phase::Ordinary, Phase::Last];

    /// Each capacity that there is, with the offsets of the indexes at which a carry or a mask could go wrong.
    fn offsets() -> impl Iterator<Item = (usize, usize)> {
        let of_capacity = |capacity: usize| {
            [0, 1, capacity / 2, capacity - 1].map(|index| (capacity, index.min(capacity - 1) << SHIFT))
        };
        (1..=64).chain((2..=64).map(|words| 64 * words)).flat_map(of_capacity)
    }

    /// Generations at which the carry goes through all lower bits, the first ones, and the last ones.
    fn generations(capacity: usize) -> impl Iterator<Item = usize> {
        let last = Generation::last(capacity).0;
        (0..20).chain((1..usize::BITS).map(|bit| (1 << bit) - 1)).chain(last - 20..last).filter(move |&it| it < last)
    }

    fn dead(generation: usize, capacity: usize) -> Tag {
        Tag::at_generation(Generation(generation), capacity)
    }

    #[test]
    fn the_carry_runs_across_the_index() {
        for (capacity, offset) in offsets() {
            for generation in generations(capacity) {
                for phase in PHASES {
                    let live = dead(generation, capacity).next_live(offset, phase);
                    assert_eq!(live.offset(capacity), offset);
                    assert_eq!((live.is_live(), live.phase(), live.is_of(phase)), (true, phase, true));
                    assert_eq!(live.next_dead(capacity), dead(generation + 1, capacity));
                    let generations = [live, live.next_dead(capacity)].map(|tag| tag.generation(capacity).0);
                    assert_eq!(generations, [generation, generation + 1]);
                    assert_ne!(live.next_dead(capacity), Tag::UNBOUND);
                }
            }
        }
    }

    #[test]
    fn the_last_generation_is_followed_by_none() {
        for (capacity, offset) in offsets() {
            for phase in PHASES {
                let last = Tag::at_generation(Generation::last(capacity), capacity);
                let live = last.next_live(offset, phase);
                assert_eq!(live.next_dead(capacity), Tag::RETIRED);
                assert_ne!(live, Tag::RETIRED);
                assert_ne!(last, Tag::RETIRED);
                assert!(Tag::RETIRED.has_outlived(live.key(), capacity));
                if usize::BITS == 32 {
                    assert!(!last.has_outlived(live.key(), capacity));
                }
                // Every bit that is not of the index, the phase or the life is used.
                assert_eq!(last.0 | index_mask(capacity) | LAST_PHASE | LIVE, usize::MAX);
            }
        }
    }

    #[test]
    fn a_handle_is_known_to_have_been_one() {
        // In the largest table the handle comes round after 2^18 generations; up to there it tells all apart.
        for (capacity, offset) in offsets() {
            for generation in generations(capacity).filter(|&it| it > 0 && it + 1 < 1 << 18) {
                let now = dead(generation, capacity);
                let key = |generation| dead(generation, capacity).next_live(offset, Phase::Ordinary).key();
                assert_ne!(key(generation), Key::default());
                assert!(now.has_outlived(key(generation - 1), capacity));
                assert!(now.has_outlived(key(0), capacity));
                assert!(!now.has_outlived(key(generation), capacity));
                assert!(!now.has_outlived(key(generation + 1), capacity));
                assert!(!now.has_outlived(Key::from_raw(key(generation - 1).raw() & !1), capacity));
            }
            assert!(!Tag::RETIRED.has_outlived(Key::default(), capacity));
        }
    }

    #[test]
    fn generations_are_as_many_as_the_text_says() {
        // The handle of a table of 128 comes round after 2^23 keys at one index and not before.
        assert_eq!(dead(1 << 23, 128).key(), Key::default());
        assert!((0..23).all(|bit| dead(1 << bit, 128).key() != Key::default()));
        #[cfg(target_pointer_width = "64")]
        assert_eq!(Generation::last(128).0, (1 << 55) - 1);
        #[cfg(target_pointer_width = "32")]
        assert_eq!(Generation::last(128).0, (1 << 23) - 1);
    }
}
