//! Atomics before each access of which an interrupt handler may run. Part of the library under `--cfg handlers`.
//!
//! Two functions of the program that links the library are called: one before each access; and one between the two
//! halves of a read-modify-write, which says whether the second half, the store, succeeds. Where it does not, the whole
//! is done again, as by a loop of load-linked and store-conditional. All runs on one CPU and thread, so orderings say
//! nothing here.

use core::panic::Location;
use core::sync::atomic::{self, Ordering, Ordering::Relaxed};

pub(crate) use core::sync::atomic::fence;

unsafe extern "Rust" {
    /// Called before an access to the word at an address, by the code at `location`.
    safe fn tsd_handlers_before(writes: bool, word: usize, location: &'static Location<'static>);

    /// Called between the two halves of a read-modify-write: whether the store succeeds. `compares` if it stores only
    /// where a value is found.
    safe fn tsd_handlers_stores(compares: bool, word: usize, location: &'static Location<'static>) -> bool;
}

/// Declares an atomic with what the library uses of it.
macro_rules! interrupted {
    ($(#[$attribute:meta])* $name:ident $(<$parameter:ident>)?, $value:ty, { $($rest:tt)* }) => {
        $(#[$attribute])*
        #[derive(Debug)]
        #[repr(transparent)]
        pub struct $name $(<$parameter>)?(atomic::$name $(<$parameter>)?);

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// An atomic with this value.
            pub const fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            /// Loads the value.
            #[track_caller]
            pub fn load(&self, _order: Ordering) -> $value {
                tsd_handlers_before(false, self.address(), Location::caller());
                self.0.load(Relaxed)
            }

            /// Stores a value.
            #[track_caller]
            pub fn store(&self, value: $value, _order: Ordering) {
                tsd_handlers_before(true, self.address(), Location::caller());
                self.0.store(value, Relaxed);
            }

            /// Stores a value; the value before.
            #[track_caller]
            pub fn swap(&self, value: $value, _order: Ordering) -> $value {
                let (Ok(before) | Err(before)) = self.modify(false, |_| Some(value));
                before
            }

            /// Stores a value where there is `current`; the value before.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                _success: Ordering,
                _failure: Ordering,
            ) -> Result<$value, $value> {
                self.modify(true, |value| (value == current).then_some(new))
            }

            /// Stores `change` of the value, if any; the value before. A load, then as many compare-exchanges as it
            /// takes.
            #[track_caller]
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut before = self.load(failure);
                while let Some(after) = change(before) {
                    match self.compare_exchange(before, after, success, failure) {
                        Ok(_) => return Ok(before),
                        Err(now) => before = now,
                    }
                }
                Err(before)
            }

            #[track_caller]
            fn modify(&self, compares: bool, change: impl Fn($value) -> Option<$value>) -> Result<$value, $value> {
                loop {
                    tsd_handlers_before(true, self.address(), Location::caller());
                    let before = self.0.load(Relaxed);
                    let Some(after) = change(before) else { return Err(before) };
                    if tsd_handlers_stores(compares, self.address(), Location::caller()) {
                        self.0.store(after, Relaxed);
                        return Ok(before);
                    }
                }
            }

            fn address(&self) -> usize {
                core::ptr::from_ref(self).addr()
            }

            $($rest)*
        }
    };
}

interrupted! {
    /// A word.
    AtomicUsize, usize, {
        /// Adds; the value before.
        #[track_caller]
        pub fn fetch_add(&self, number: usize, _order: Ordering) -> usize {
            let (Ok(before) | Err(before)) = self.modify(false, |value| Some(value.wrapping_add(number)));
            before
        }

        /// Subtracts; the value before.
        #[track_caller]
        pub fn fetch_sub(&self, number: usize, order: Ordering) -> usize {
            self.fetch_add(number.wrapping_neg(), order)
        }

        /// Clears bits; the value before.
        #[track_caller]
        pub fn fetch_and(&self, bits: usize, _order: Ordering) -> usize {
            let (Ok(before) | Err(before)) = self.modify(false, |value| Some(value & bits));
            before
        }

        /// Sets bits; the value before.
        #[track_caller]
        pub fn fetch_or(&self, bits: usize, _order: Ordering) -> usize {
            let (Ok(before) | Err(before)) = self.modify(false, |value| Some(value | bits));
            before
        }

        /// Stores the larger value; the value before.
        #[track_caller]
        pub fn fetch_max(&self, number: usize, _order: Ordering) -> usize {
            let (Ok(before) | Err(before)) = self.modify(false, |value| Some(value.max(number)));
            before
        }
    }
}

interrupted! {
    /// 32 bits.
    AtomicU32, u32, {}
}

interrupted! {
    /// A pointer.
    AtomicPtr<T>, *mut T, {}
}

impl Default for AtomicU32 {
    fn default() -> Self {
        Self::new(0)
    }
}
