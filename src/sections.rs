//! Atomics on a CPU without compare-and-swap, under the feature `critical-section`: loads are the CPU's own, and what
//! reads and writes is a critical section of the program's.
//!
//! portable-atomic has such atomics, too, but takes the section for loads and stores as well: `get` would mask interrupts.
//! Here a store takes it only where another CPU may read and write the word meanwhile, so `get`, and `set` of a slot that
//! is bound, take none.

use core::sync::atomic::{self, Ordering};

/// Declares an atomic with what the library uses of it: `$order` is that of the accesses in a section, which is at least
/// what callers ask for.
macro_rules! in_sections {
    (
        $(#[$attribute:meta])*
        $name:ident $(<$parameter:ident>)?, $value:ty, $order:ident, store($atomic:ident, $stored:ident, $how:ident) $store:expr,
        { $($rest:tt)* }
    ) => {
        $(#[$attribute])*
        #[derive(Debug)]
        #[repr(transparent)]
        pub struct $name $(<$parameter>)?(atomic::$name $(<$parameter>)?);

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// An atomic with this value.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            /// Loads the value.
            #[inline(always)]
            pub fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }

            /// Stores a value.
            #[inline(always)]
            pub fn store(&self, $stored: $value, $how: Ordering) {
                let $atomic = &self.0;
                $store
            }

            /// Stores a value; the value before.
            pub fn swap(&self, value: $value, _order: Ordering) -> $value {
                let (Ok(before) | Err(before)) = self.modify(|_| Some(value));
                before
            }

            /// Stores a value where there is `current`; the value before.
            ///
            /// # Errors
            ///
            /// There is another one, which is given.
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                _success: Ordering,
                _failure: Ordering,
            ) -> Result<$value, $value> {
                self.modify(|value| (value == current).then_some(new))
            }

            fn modify(&self, change: impl FnOnce($value) -> Option<$value>) -> Result<$value, $value> {
                critical_section::with(|_| {
                    let before = self.0.load(Ordering::$order);
                    let after = change(before).ok_or(before)?;
                    self.0.store(after, Ordering::$order);
                    Ok(before)
                })
            }

            $($rest)*
        }
    };
}

/// The same for an integer.
macro_rules! integer {
    ($(#[$attribute:meta])* $name:ident, $value:ty, $order:ident, store $store:tt $stored:expr) => {
        in_sections! {
            $(#[$attribute])*
            $name, $value, $order, store $store $stored,
            {
                /// Adds, and wraps around; the value before.
                pub fn fetch_add(&self, number: $value, _order: Ordering) -> $value {
                    self.always(|value| value.wrapping_add(number))
                }

                /// Subtracts, and wraps around; the value before.
                pub fn fetch_sub(&self, number: $value, _order: Ordering) -> $value {
                    self.always(|value| value.wrapping_sub(number))
                }

                /// Clears the bits that `bits` does not have; the value before.
                pub fn fetch_and(&self, bits: $value, _order: Ordering) -> $value {
                    self.always(|value| value & bits)
                }

                /// Sets the bits that `bits` has; the value before.
                pub fn fetch_or(&self, bits: $value, _order: Ordering) -> $value {
                    self.always(|value| value | bits)
                }

                /// Stores the larger of the value and `number`; the value before.
                pub fn fetch_max(&self, number: $value, _order: Ordering) -> $value {
                    self.always(|value| value.max(number))
                }

                /// Stores `change` of the value, if any; the value before.
                ///
                /// # Errors
                ///
                /// `change` has given none, for the value that is given.
                pub fn fetch_update(
                    &self,
                    _success: Ordering,
                    _failure: Ordering,
                    change: impl FnMut($value) -> Option<$value>,
                ) -> Result<$value, $value> {
                    self.modify(change)
                }

                fn always(&self, change: impl FnOnce($value) -> $value) -> $value {
                    let (Ok(before) | Err(before)) = self.modify(|value| Some(change(value)));
                    before
                }
            }
        }
    };
}

// Those that CPUs share. A store takes the section: between the two accesses of another CPU's it would be lost.

integer! {
    /// A word of 32 bits.
    #[derive(Default)]
    AtomicU32, u32, SeqCst, store(atomic, value, order) critical_section::with(|_| atomic.store(value, order))
}

integer! {
    /// A word.
    AtomicUsize, usize, SeqCst, store(atomic, value, order) critical_section::with(|_| atomic.store(value, order))
}

in_sections! {
    /// A pointer.
    AtomicPtr<T>, *mut T, SeqCst, store(atomic, value, order) critical_section::with(|_| atomic.store(value, order)), {}
}

/// Those of one thread and its interrupts, none of which comes in a section.
#[expect(unreachable_pub, reason = "the macro declares public ones, too")]
pub(crate) mod local {
    use super::{Ordering, atomic};

    integer! {
        /// A word.
        AtomicUsize, usize, Relaxed, store(atomic, value, order) atomic.store(value, order)
    }

    in_sections! {
        /// A pointer.
        AtomicPtr<T>, *mut T, Relaxed, store(atomic, value, order) atomic.store(value, order), {}
    }
}
