//! Loom's atomics, with every interleaving explored. Part of the library under `--cfg loom`.
//!
//! Loom 0.7 decides which threads to swap by the last access to an atomic alone. A load hides an earlier load of
//! another thread in that, and then nothing swaps the earlier load with a store that follows (loom's issues 166 and
//! 392; `litmus` has both programs). So each access here first stores to a word beside the atomic that nobody reads:
//! stores do not hide one another, and a word that is never read orders nothing.

use core::fmt;
use core::sync::atomic::Ordering::{self, Relaxed};

pub(crate) use loom::sync::atomic::fence;

/// Declares an atomic with what the library uses of it.
macro_rules! explored {
    ($(#[$attribute:meta])* $name:ident $(<$parameter:ident>)?, $value:ty, { $($rest:tt)* }) => {
        $(#[$attribute])*
        pub struct $name $(<$parameter>)? {
            access: loom::sync::atomic::AtomicUsize,
            cell: loom::sync::atomic::$name $(<$parameter>)?,
        }

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// An atomic with this value, only within a model.
            pub fn new(value: $value) -> Self {
                Self { access: loom::sync::atomic::AtomicUsize::new(0), cell: loom::sync::atomic::$name::new(value) }
            }

            /// Loads the value.
            pub fn load(&self, order: Ordering) -> $value {
                self.accessed().load(order)
            }

            /// Stores a value.
            pub fn store(&self, value: $value, order: Ordering) {
                self.accessed().store(value, order);
            }

            /// Stores a value where there is `current`; the value before.
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.accessed().compare_exchange(current, new, success, failure)
            }

            fn accessed(&self) -> &loom::sync::atomic::$name $(<$parameter>)? {
                self.access.store(0, Relaxed);
                &self.cell
            }

            $($rest)*
        }

        impl $(<$parameter>)? fmt::Debug for $name $(<$parameter>)? {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.cell.fmt(formatter)
            }
        }
    };
}

explored! {
    /// A word.
    AtomicUsize, usize, {
        /// Stores `change` of the value, if any; the value before.
        pub fn fetch_update(
            &self,
            success: Ordering,
            failure: Ordering,
            mut change: impl FnMut(usize) -> Option<usize>,
        ) -> Result<usize, usize> {
            let mut before = self.load(failure);
            while let Some(after) = change(before) {
                match self.compare_exchange(before, after, success, failure) {
                    Ok(_) => return Ok(before),
                    Err(now) => before = now,
                }
            }
            Err(before)
        }

        /// Adds; the value before.
        pub fn fetch_add(&self, number: usize, order: Ordering) -> usize {
            self.accessed().fetch_add(number, order)
        }

        /// Subtracts; the value before.
        pub fn fetch_sub(&self, number: usize, order: Ordering) -> usize {
            self.accessed().fetch_sub(number, order)
        }

        /// Clears bits; the value before.
        pub fn fetch_and(&self, bits: usize, order: Ordering) -> usize {
            self.accessed().fetch_and(bits, order)
        }

        /// Sets bits; the value before.
        pub fn fetch_or(&self, bits: usize, order: Ordering) -> usize {
            self.accessed().fetch_or(bits, order)
        }

        /// Stores the larger value; the value before.
        pub fn fetch_max(&self, number: usize, order: Ordering) -> usize {
            self.accessed().fetch_max(number, order)
        }
    }
}

explored! {
    /// 32 bits.
    AtomicU32, u32, {
        /// Stores a value; the value before.
        pub fn swap(&self, value: u32, order: Ordering) -> u32 {
            self.accessed().swap(value, order)
        }
    }
}

explored! {
    /// A pointer.
    AtomicPtr<T>, *mut T, {}
}

impl Default for AtomicU32 {
    fn default() -> Self {
        Self::new(0)
    }
}
