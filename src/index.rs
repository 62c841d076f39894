//! Which slot and which table entry belong to a key.

use core::hint;

use crate::key::Key;
use crate::tag::{SHIFT, Tag, index_mask};

/// The number of bits in a word of a bitmap.
pub(crate) const BITS: usize = usize::BITS as usize;

/// The index of a key in a table of `N`: always one of the table's.
///
/// It is kept as the number of bytes from the first slot or entry, since both are `1 << SHIFT` bytes and a tag has it
/// in that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Index<const N: usize>(usize);

impl<const N: usize> Index<N> {
    /// The index with this number, if there is one.
    #[inline(always)]
    pub(crate) const fn new(number: usize) -> Option<Self> {
        if number < N { Some(Self(number << SHIFT)) } else { None }
    }

    /// The index that `key` names, whatever the number.
    #[inline(always)]
    pub(crate) fn of_key(key: Key) -> Self {
        let offset = (key.raw() & index_mask(N) as u32) as usize;
        // Without a branch, so that a wild key does not even speculatively leave the table. Nothing is left of it
        // where N is a power of two. The compiler sees from it that no index needs another check.
        Self(offset.min((N - 1) << SHIFT))
    }

    /// The index that a live tag has. That of another tag is any of the table's.
    #[inline(always)]
    pub(crate) const fn of_tag(tag: Tag) -> Self {
        let offset = tag.offset(N);
        Self(if offset >> SHIFT < N { offset } else { 0 })
    }

    /// The index for which a bit of a word of a bitmap stands.
    ///
    /// # Safety
    ///
    /// There is such an index.
    #[inline(always)]
    pub(crate) const unsafe fn of_bit(word: usize, bit: u32) -> Self {
        let number = word * BITS + bit as usize;
        // SAFETY: the caller's word.
        unsafe { hint::assert_unchecked(number < N) };
        Self(number << SHIFT)
    }

    /// Its number, from 0.
    #[inline(always)]
    pub(crate) const fn number(self) -> usize {
        self.0 >> SHIFT
    }

    /// The number of bytes from the first slot or entry.
    #[inline(always)]
    pub(crate) const fn offset(self) -> usize {
        self.0
    }

    /// The word of a bitmap that has its bit.
    #[inline(always)]
    pub(crate) const fn word(self) -> usize {
        self.number() / BITS
    }

    /// Its bit in that word.
    #[inline(always)]
    pub(crate) const fn bit(self) -> usize {
        1 << (self.number() % BITS)
    }

    /// The element of this index.
    #[inline(always)]
    pub(crate) fn of<T>(self, elements: &[T; N]) -> &T {
        let first = elements.as_ptr();
        // SAFETY: each index that is made is below N. To index the array takes two instructions more on aarch64.
        unsafe { if size_of::<T>() == 1 << SHIFT { &*first.byte_add(self.0) } else { &*first.add(self.number()) } }
    }
}
