//! What a [`Port`](crate::Port) says of its slots without naming their number each time.

use crate::capacity::{Capacity, Supported};
use crate::slots::Slots;
use crate::table::KeyTable;
use crate::tag::Tag;

/// [`Slots`] of some capacity, by which a [`Port`](crate::Port) says how many keys there are.
pub trait SlotArray: private::Sealed {}

pub(crate) mod private {
    use crate::tag::Tag;

    /// What a capacity's types have in common.
    pub trait Sealed {
        /// The [`KeyTable`](crate::KeyTable) of the same capacity.
        type Table: core::fmt::Debug + Send + Sync;

        /// Deletes the key of a tag.
        #[expect(private_interfaces, reason = "only this crate calls it")]
        fn delete_tag(table: &Self::Table, tag: Tag);
    }
}

impl<const N: usize> SlotArray for Slots<N> where Capacity<N>: Supported {}

impl<const N: usize> private::Sealed for Slots<N>
where
    Capacity<N>: Supported,
{
    type Table = KeyTable<N>;

    #[expect(private_interfaces, reason = "only this crate calls it")]
    fn delete_tag(table: &KeyTable<N>, tag: Tag) {
        // If it is deleted already there is nothing to do.
        let _ = table.delete_tag(tag);
    }
}
