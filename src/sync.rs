//! The atomics that every other file uses.
//!
//! Normally they are `core`'s. Under `--cfg loom` those that several threads share become loom's (see tests/loom), so
//! that the model checker runs this very code and not a copy. What only the owning thread and its interrupt handlers
//! touch stays with `core` then: there is no interleaving of CPUs to explore. Under `--cfg handlers` all become atomics
//! before each access of which an interrupt handler may run (see tests/handlers).
//!
//! On CPUs without compare-and-swap they are those of [`sections`](crate::sections) under the feature `critical-section`.
//! Without it they are portable-atomic's, which says in a sentence what has to be chosen, or has been told by the
//! program that there is one CPU.

#[cfg(all(not(target_has_atomic = "ptr"), feature = "critical-section"))]
pub use crate::sections::{AtomicPtr, AtomicU32, AtomicUsize};
#[cfg(all(target_has_atomic = "ptr", not(any(loom, handlers))))]
pub use core::sync::atomic::AtomicU32;
#[cfg(not(target_has_atomic = "ptr"))]
pub(crate) use core::sync::atomic::fence;
#[cfg(all(target_has_atomic = "ptr", not(any(loom, handlers))))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicUsize, fence};
#[cfg(all(not(target_has_atomic = "ptr"), not(feature = "critical-section")))]
pub use portable_atomic::{AtomicPtr, AtomicU32, AtomicUsize};
#[cfg(any(loom, handlers))]
#[cfg_attr(loom, path = "../tests/loom/src/atomics.rs")]
#[cfg_attr(handlers, path = "../tests/handlers/src/atomics.rs")]
mod atomics;
#[cfg(any(loom, handlers))]
pub(crate) use atomics::fence;
#[cfg(any(loom, handlers))]
pub use atomics::{AtomicPtr, AtomicU32, AtomicUsize};

pub(crate) use core::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

/// Atomics of one thread and the interrupts that stop it.
pub(crate) mod local {
    #[cfg(not(any(loom, all(not(target_has_atomic = "ptr"), feature = "critical-section"))))]
    pub(crate) use super::{AtomicPtr, AtomicUsize};
    #[cfg(all(not(target_has_atomic = "ptr"), feature = "critical-section"))]
    pub(crate) use crate::sections::local::{AtomicPtr, AtomicUsize};
    pub(crate) use core::sync::atomic::compiler_fence;
    #[cfg(loom)]
    pub(crate) use core::sync::atomic::{AtomicPtr, AtomicUsize};
}

/// Declares a `const fn`, or a plain one under loom, whose atomics can't be made in a constant.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis unsafe fn $($rest:tt)*) => {
        const_fn!(@ $(#[$attribute])* $visibility [unsafe fn] $($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        const_fn!(@ $(#[$attribute])* $visibility [fn] $($rest)*);
    };
    (@ $(#[$attribute:meta])* $visibility:vis [$($kind:tt)*] $($rest:tt)*) => {
        #[cfg(not(loom))]
        $(#[$attribute])*
        $visibility const $($kind)* $($rest)*

        #[cfg(loom)]
        $(#[$attribute])*
        $visibility $($kind)* $($rest)*
    };
}

/// An array of `N` equal atomics or structures of atomics.
macro_rules! array_of {
    ($element:expr; $length:expr) => {{
        #[cfg(not(loom))]
        let array = [const { $element }; $length];
        #[cfg(loom)]
        let array = core::array::from_fn(|_| $element);
        array
    }};
}

pub(crate) use {array_of, const_fn};
