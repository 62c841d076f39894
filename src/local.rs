//! Read-modify-write of words that one thread and the interrupts that stop it share.
//!
//! For CPUs on which `core`'s relaxed atomics are the shortest way. x86_64, whose atomics always lock the line, has
//! its own in `arch/x86_64/local.rs`.

#[cfg(minimal)]
use core::ptr;

use crate::sync::Relaxed;
use crate::sync::local::{AtomicPtr, AtomicUsize};

// Relaxed in all of them: of one thread and its interrupts only.

/// Sets bits.
#[inline]
pub(crate) fn set_bits(word: &AtomicUsize, bits: usize) {
    word.fetch_or(bits, Relaxed);
}

/// Clears bits.
#[inline]
pub(crate) fn clear_bits(word: &AtomicUsize, bits: usize) {
    word.fetch_and(!bits, Relaxed);
}

/// Stores `new` where `old` is, and nothing where anything else is; whether it did.
#[cfg_attr(not(minimal), inline)]
#[cfg_attr(minimal, inline(never))]
pub(crate) fn replace(word: &AtomicUsize, old: usize, new: usize) -> bool {
    word.compare_exchange(old, new, Relaxed, Relaxed).is_ok()
}

/// Stores `new` where `old` is, and nothing where anything else is; whether it did.
#[inline]
pub(crate) fn replace_value<T>(pointer: &AtomicPtr<T>, old: *mut T, new: *mut T) -> bool {
    #[cfg(minimal)]
    {
        let word = ptr::from_ref(pointer).cast::<AtomicUsize>();
        // SAFETY: a pointer is a word, and what it points to is known to those who use it.
        return replace(unsafe { &*word }, old.expose_provenance(), new.expose_provenance());
    }
    #[cfg(not(minimal))]
    pointer.compare_exchange(old, new, Relaxed, Relaxed).is_ok()
}

/// Stores `new`; the value before, which was `seen` a moment ago. For a pointer that handlers also store plainly.
#[inline]
pub(crate) fn swap<T>(pointer: &AtomicPtr<T>, seen: *mut T, new: *mut T) -> *mut T {
    let _ = seen;
    pointer.swap(new, Relaxed)
}

/// Stores `new`; the value before, which was `seen` a moment ago. For a pointer that handlers change by this and by
/// [`replace_value`] only.
///
/// On CPUs whose compare-exchange is a load with a reservation and a conditional store, as RISC-V's, a handler's
/// exchange need not end the reservation of what it interrupts; a handler's conditional store does.
#[inline]
pub(crate) fn exchange<T>(pointer: &AtomicPtr<T>, mut seen: *mut T, new: *mut T) -> *mut T {
    loop {
        match pointer.compare_exchange(seen, new, Relaxed, Relaxed) {
            Ok(found) => return found,
            // An interrupt handler has stored a value since.
            Err(found) => seen = found,
        }
    }
}
