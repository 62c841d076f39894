//! The atomics that every other file uses.
//!
//! Normally they are `core`'s. Under `--cfg loom` those that several threads share become loom's (see tests/loom), so
//! that the model checker runs this very code and not a copy. What only the owning thread and its interrupt handlers
//! touch stays with `core` then: there is no interleaving of CPUs to explore. Under `--cfg handlers` all become atomics
//! before each access of which an interrupt handler may run (see tests/handlers).
//!
//! On CPUs without compare-and-swap all are portable-atomic's: loads and stores are the CPU's own there, and the rest
//! are its critical sections.

#[cfg(all(target_has_atomic = "ptr", not(any(loom, handlers))))]
pub use core::sync::atomic::AtomicU32;
#[cfg(all(target_has_atomic = "ptr", not(any(loom, handlers))))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicUsize, fence};
#[cfg(not(target_has_atomic = "ptr"))]
pub(crate) use portable_atomic::fence;
#[cfg(not(target_has_atomic = "ptr"))]
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
    #[cfg(not(loom))]
    pub(crate) use super::{AtomicPtr, AtomicUsize};
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
