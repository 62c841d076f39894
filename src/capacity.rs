//! Which capacities a table may have, and the words that hold one bit for each of its keys.
//!
//! Stable Rust can't compute `[usize; N / 64]` from a const parameter, so the array is an associated type, named
//! once for each capacity that is allowed.

use crate::sync::{AtomicUsize, local};

/// The largest capacity.
pub(crate) const LARGEST: usize = 4096;

/// A capacity of `N` keys. It is usable where it implements [`Supported`], which code for any `N` has to ask for.
///
/// # Examples
///
/// ```
/// use tsd::{Capacity, KeyTable, Supported};
///
/// fn is_full<const N: usize>(table: &KeyTable<N>) -> bool
/// where
///     Capacity<N>: Supported,
/// {
///     table.in_use() + table.retired() == N
/// }
///
/// static TABLE: KeyTable<1> = KeyTable::new();
/// assert!(!is_full(&TABLE));
/// TABLE.create(None)?;
/// assert!(is_full(&TABLE));
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Debug)]
pub struct Capacity<const N: usize>;

/// The capacities that tables and slots can have: 1 to 64, then the multiples of 64 up to 4096.
///
/// An `N` that is a power of two gives the shortest `get`; any other costs one comparison more.
///
/// The compiler refuses any other number and says what is allowed:
///
/// ```compile_fail,E0277
/// static TABLE: tsd::KeyTable<65> = tsd::KeyTable::new();
/// ```
///
/// ```text
/// error[E0277]: this key capacity is not supported
///   | static TABLE: tsd::KeyTable<65> = tsd::KeyTable::new();
///   |               ^^^^^^^^^^^^^^^^^ allowed are 1 to 64, and the multiples of 64 up to 4096
///   = note: round PTHREAD_KEYS_MAX up to the next multiple of 64
/// ```
#[diagnostic::on_unimplemented(
    message = "this key capacity is not supported",
    label = "allowed are 1 to 64, and the multiples of 64 up to 4096",
    note = "round PTHREAD_KEYS_MAX up to the next multiple of 64"
)]
pub trait Supported: private::Bits {}

// The constants with atomics in them are initial values only: each use makes new atomics.
#[allow(clippy::declare_interior_mutable_const)]
pub(crate) mod private {
    use core::fmt::Debug;

    use super::{AtomicUsize, local};

    /// One bit a key, shared between CPUs (`Shared`) or owned by one thread (`Local`).
    pub trait Bits {
        type Shared: AsRef<[AtomicUsize]> + Debug + Send + Sync;
        type Local: AsRef<[local::AtomicUsize]> + Debug + Send + Sync;
        #[cfg(not(loom))]
        const NONE_SHARED: Self::Shared;
        const NONE_LOCAL: Self::Local;
        #[cfg(loom)]
        fn none_shared() -> Self::Shared;
    }
}

macro_rules! supported {
    ($unit:literal: $($count:literal)*) => {$(
        impl Supported for Capacity<{ $unit * $count }> {}

        #[allow(clippy::declare_interior_mutable_const)]
        impl private::Bits for Capacity<{ $unit * $count }> {
            type Shared = [AtomicUsize; ($unit * $count as usize).div_ceil(usize::BITS as usize)];
            type Local = [local::AtomicUsize; ($unit * $count as usize).div_ceil(usize::BITS as usize)];
            #[cfg(not(loom))]
            const NONE_SHARED: Self::Shared =
                [const { AtomicUsize::new(0) }; ($unit * $count as usize).div_ceil(usize::BITS as usize)];
            const NONE_LOCAL: Self::Local =
                [const { local::AtomicUsize::new(0) }; ($unit * $count as usize).div_ceil(usize::BITS as usize)];
            #[cfg(loom)]
            fn none_shared() -> Self::Shared {
                core::array::from_fn(|_| AtomicUsize::new(0))
            }
        }
    )*};
}

supported!(1:
     1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64);
supported!(64:
        2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64);
