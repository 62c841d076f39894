//! Keys, what a key is created with, and the tag in which a key is told from its predecessors at the same index.
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
//! - A dead entry's tag is even and has no index, a live one's is odd: no dead tag equals a live one, no key is 0.
//! - Deleting adds one to the generation; the carry runs across the index. On 64-bit targets it would take 2^55
//!   re-uses of one index (N = 128) to come round; an index whose generations are used up is retired, never wrapped.
//! - The key that users hold is the tag's low 32 bits.

use core::ffi::c_void;
use core::ptr;

use bitflags::bitflags;

/// Called at thread exit with the value that the thread had under a key.
///
/// Where the crate is compiled with unwinding, a foreign exception or a panic may pass through
/// [`KeySpace::exit`](crate::KeySpace::exit); elsewhere, as on bare metal, none may leave it.
pub type Destructor = unsafe extern "C-unwind" fn(value: *mut c_void);

/// A destructor as a table holds it: NULL for none.
#[inline(always)]
pub(crate) const fn to_pointer(destructor: Option<Destructor>) -> *mut () {
    match destructor {
        Some(destructor) => destructor as *mut (),
        None => ptr::null_mut(),
    }
}

/// What [`to_pointer`] was given.
#[inline(always)]
pub(crate) fn from_pointer(pointer: *mut ()) -> Option<Destructor> {
    // SAFETY: a pointer in an entry is NULL or came from a `Destructor`; an `Option` of a function pointer has NULL
    // for `None`.
    unsafe { core::mem::transmute::<*mut (), Option<Destructor>>(pointer) }
}

/// The handle of a key: 32 bits, never 0, and rejected for ever after the key was deleted
/// (until 2^23 further keys were created at the same index, where N is 128).
///
/// `Key::default()` is 0 and never valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Key(u32);

impl Key {
    /// The key with this number, valid or not: every call checks it.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The number that C code holds.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

bitflags! {
    /// What kind of key it is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct KeyFlags: u32 {
        /// Its destructor runs after every ordinary key's rounds: for allocators and language runtimes.
        const LAST_PHASE = 1 << 0;
        /// Part of the table from the start; can't be deleted.
        const STATIC = 1 << 1;
        /// It has a destructor.
        const HAS_DESTRUCTOR = 1 << 2;
        /// A [`TypedKey`](crate::TypedKey) owns it; it is deleted when that is dropped.
        const TYPED = 1 << 3;
    }
}

/// What [`KeyTable::create_with`](crate::KeyTable::create_with) makes a key from.
#[derive(Clone, Copy, Debug)]
pub struct KeyOptions {
    /// What runs at thread exit for each value that is not NULL.
    pub destructor: Option<Destructor>,
    /// Whether it runs in the last phase of thread exit.
    pub last_phase: bool,
    /// The key's owner, for listings and panic dumps.
    pub name: &'static str,
}

impl KeyOptions {
    /// An ordinary key with no destructor and no name.
    #[must_use]
    pub const fn new() -> Self {
        Self { destructor: None, last_phase: false, name: "" }
    }

    /// Runs `destructor` at thread exit for each value that is not NULL.
    #[must_use]
    pub const fn destructor(mut self, destructor: Destructor) -> Self {
        self.destructor = Some(destructor);
        self
    }

    /// Puts the key in the last phase of thread exit.
    #[must_use]
    pub const fn last_phase(mut self) -> Self {
        self.last_phase = true;
        self
    }

    /// Names the key's owner, for listings and panic dumps.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}

impl Default for KeyOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// One live key, as listings and panic dumps show it.
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    /// The handle.
    pub key: Key,
    /// What its owner called it; empty if nothing.
    pub name: &'static str,
    /// Its kind.
    pub flags: KeyFlags,
    /// What runs at thread exit.
    pub destructor: Option<Destructor>,
}

/// The arithmetic of tags for tables of `N` keys. See the module's text for the layout.
///
/// Always inlined: with a constant capacity each function is an instruction or two, and without it, where the compiler
/// optimises for size, neither the masks nor the bounds of the table are constants.
pub(crate) mod tag {
    /// log2 of the size of a slot and of a table entry: two words.
    pub(crate) const SHIFT: u32 = size_of::<[usize; 2]>().trailing_zeros();
    /// The entry has a key.
    pub(crate) const LIVE: usize = 1 << 0;
    /// The key belongs to the last phase.
    pub(crate) const LAST_PHASE: usize = 1 << 1;
    /// The entry's generations are used up; even, so never equal to a live tag, and never left again.
    pub(crate) const RETIRED: usize = usize::MAX & !LIVE;

    /// The tag of a slot that was bound to a key and is not any more: no entry's, since a dead one of these few bits has
    /// none but the generation's.
    pub(crate) const UNBOUND: usize = LAST_PHASE;

    /// The tag of a slot that was never bound: that of dead entries of generation 0, for which there is no key.
    pub(crate) const NEVER_BOUND: usize = 0;

    /// The bits that hold the index.
    #[inline(always)]
    pub(crate) const fn index_mask(capacity: usize) -> usize {
        (capacity.next_power_of_two() - 1) << SHIFT
    }

    /// The index of a live tag. Always one of the table's, whatever the number.
    #[inline(always)]
    pub(crate) const fn index(tag: usize, capacity: usize) -> usize {
        let index = (tag & index_mask(capacity)) >> SHIFT;
        if index < capacity { index } else { 0 }
    }

    /// The live tag that follows `dead` at `index`.
    #[inline(always)]
    pub(crate) const fn born(dead: usize, index: usize, last_phase: bool) -> usize {
        dead | index << SHIFT | if last_phase { LAST_PHASE } else { 0 } | LIVE
    }

    /// The dead tag that follows `live`, or [`RETIRED`] where no generation is left.
    #[inline(always)]
    pub(crate) const fn dead(live: usize, capacity: usize) -> usize {
        let not_generation = index_mask(capacity) | LAST_PHASE | LIVE;
        match (live | not_generation).checked_add(1) {
            Some(next) => next & !not_generation,
            None => RETIRED,
        }
    }

    /// The dead tag with which `generation` begins.
    pub(crate) const fn at_generation(generation: usize, capacity: usize) -> usize {
        let low_bits = SHIFT - 2;
        let low = generation & ((1 << low_bits) - 1);
        let high = generation >> low_bits;
        low << 2 | high << (SHIFT + capacity.next_power_of_two().trailing_zeros())
    }

    /// The last generation that an index can have.
    pub(crate) const fn last_generation(capacity: usize) -> usize {
        usize::MAX >> (capacity.next_power_of_two().trailing_zeros() + 2)
    }

    /// Whether `raw` can have been the handle of a key before the entry came to `tag`.
    #[inline(always)]
    pub(crate) const fn was_handle(raw: u32, tag: usize, capacity: usize) -> bool {
        let generation = !(index_mask(capacity) | LAST_PHASE | LIVE);
        let raw = raw as usize;
        raw & LIVE != 0 && (raw & index_mask(capacity)) >> SHIFT < capacity && raw & generation < tag & generation
    }

    /// The handle of the key that has this tag.
    #[inline(always)]
    pub(crate) const fn handle(tag: usize) -> u32 {
        // A key is the low 32 bits, whatever the width of a pointer.
        tag as u32
    }
}

#[cfg(test)]
mod tests {
    use super::tag::*;

    /// Each capacity that there is, with the indexes at which a carry or a mask could go wrong.
    fn places() -> impl Iterator<Item = (usize, usize)> {
        (1..=64)
            .chain((2..=64).map(|words| 64 * words))
            .flat_map(|capacity| [0, 1, capacity / 2, capacity - 1].map(|index| (capacity, index.min(capacity - 1))))
    }

    /// Generations at which the carry goes through all lower bits, the first ones, and the last ones.
    fn generations(capacity: usize) -> impl Iterator<Item = usize> {
        let last = last_generation(capacity);
        (0..20).chain((1..usize::BITS).map(|bit| (1 << bit) - 1)).chain(last - 20..last).filter(move |&it| it < last)
    }

    #[test]
    fn the_carry_runs_across_the_index() {
        for (capacity, index) in places() {
            for generation in generations(capacity) {
                for last_phase in [false, true] {
                    let live = born(at_generation(generation, capacity), index, last_phase);
                    assert_eq!((live & index_mask(capacity)) >> SHIFT, index);
                    assert_eq!((live & LIVE != 0, live & LAST_PHASE != 0), (true, last_phase));
                    assert_eq!(dead(live, capacity), at_generation(generation + 1, capacity));
                    assert_eq!(super::tag::index(live, capacity), index);
                    assert_ne!(dead(live, capacity), UNBOUND);
                }
            }
        }
    }

    #[test]
    fn the_last_generation_is_followed_by_none() {
        for (capacity, index) in places() {
            for last_phase in [false, true] {
                let last = at_generation(last_generation(capacity), capacity);
                let live = born(last, index, last_phase);
                assert_eq!(dead(live, capacity), RETIRED);
                assert_ne!(live, RETIRED);
                assert_ne!(last, RETIRED);
                // Every bit that is not of the index, the phase or the life is used.
                assert_eq!(last | index_mask(capacity) | LAST_PHASE | LIVE, usize::MAX);
            }
        }
    }

    #[test]
    fn a_handle_is_known_to_have_been_one() {
        // In the largest table the handle comes round after 2^18 generations; up to there it tells all apart.
        for (capacity, index) in places() {
            for generation in generations(capacity).filter(|&it| it > 0 && it + 1 < 1 << 18) {
                let now = at_generation(generation, capacity);
                let of = |generation| handle(born(at_generation(generation, capacity), index, false));
                assert_ne!(of(generation), 0);
                assert!(was_handle(of(generation - 1), now, capacity));
                assert!(was_handle(of(0), now, capacity));
                assert!(!was_handle(of(generation), now, capacity));
                assert!(!was_handle(of(generation + 1), now, capacity));
                assert!(!was_handle(of(generation - 1) & !1, now, capacity));
            }
            assert!(!was_handle(0, RETIRED, capacity));
        }
    }

    #[test]
    fn generations_are_as_many_as_the_text_says() {
        // The handle of a table of 128 comes round after 2^23 keys at one index and not before.
        assert_eq!(handle(at_generation(1 << 23, 128)), 0);
        assert!((0..23).all(|bit| handle(at_generation(1 << bit, 128)) != 0));
        #[cfg(target_pointer_width = "64")]
        assert_eq!(last_generation(128), (1 << 55) - 1);
        #[cfg(target_pointer_width = "32")]
        assert_eq!(last_generation(128), (1 << 23) - 1);
    }
}
