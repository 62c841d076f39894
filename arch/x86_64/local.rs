//! x86_64: read-modify-write of words that one thread and the interrupts that stop it share.
//!
//! An interrupt comes between two instructions and never inside of one, so a single instruction is a whole step for
//! the thread's own CPU. The `lock` prefix, with which `core`'s atomics make it a step for all CPUs as well, costs
//! about 20 cycles and serves nobody here: no other CPU writes to these words. A thread that migrates does so by an
//! interrupt.
//!
//! The same names as in `src/local.rs`, which serves the CPUs with no such instructions.
//!
//! Reference: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, "CMPXCHG", "AND", "OR";
//! volume 3A, 9.1.2.2 "Software Controlled Bus Locking".
//!
//! The reasons for the options of `asm!`, which are the same in each function: `nostack`, since nothing pushes. Neither
//! `nomem` nor `preserves_flags`: the instruction writes memory, and accesses before and after it must stay there;
//! it sets the status flags.

use core::arch::asm;
use core::sync::atomic::{AtomicPtr, AtomicUsize};

/// Sets bits.
#[inline]
pub(crate) fn set_bits(word: &AtomicUsize, bits: usize) {
    // SAFETY: the word is valid for writes as long as the reference lives.
    unsafe { asm!("or qword ptr [{}], {}", in(reg) word.as_ptr(), in(reg) bits, options(nostack)) };
}

/// Clears bits.
#[inline]
pub(crate) fn clear_bits(word: &AtomicUsize, bits: usize) {
    // SAFETY: the word is valid for writes as long as the reference lives.
    unsafe { asm!("and qword ptr [{}], {}", in(reg) word.as_ptr(), in(reg) !bits, options(nostack)) };
}

/// Stores `new` where `old` is, and nothing where anything else is; whether it did.
#[inline(always)]
pub(crate) fn replace(word: &AtomicUsize, old: usize, new: usize) -> bool {
    // SAFETY: the word is valid for reads and writes as long as the reference lives.
    unsafe {
        asm!(
            "cmpxchg qword ptr [{word}], {new}",
            "jne {other}",
            word = in(reg) word.as_ptr(),
            new = in(reg) new,
            inout("rax") old => _,
            other = label { return false },
            options(nostack),
        );
    }
    true
}

/// The same for a pointer.
#[inline]
pub(crate) fn replace_value<T>(pointer: &AtomicPtr<T>, old: *mut T, new: *mut T) -> bool {
    // SAFETY: the pointer is valid for reads and writes as long as the reference lives.
    unsafe { exchange_if(pointer.as_ptr(), old, new) == old }
}

/// Stores `new`; the value before, which was `seen` a moment ago.
pub(crate) use swap as exchange;

/// Stores `new`; the value before, which was `seen` a moment ago.
#[inline]
pub(crate) fn swap<T>(pointer: &AtomicPtr<T>, mut seen: *mut T, new: *mut T) -> *mut T {
    loop {
        // SAFETY: the pointer is valid for reads and writes as long as the reference lives.
        let found = unsafe { exchange_if(pointer.as_ptr(), seen, new) };
        if found == seen {
            return found;
        }
        // An interrupt handler has stored a value since.
        seen = found;
    }
}

/// Stores `new` where `expected` is; what was there.
///
/// # Safety
///
/// `word` must be valid for reads and writes.
#[inline(always)]
unsafe fn exchange_if<T>(word: *mut *mut T, expected: *mut T, new: *mut T) -> *mut T {
    let found: *mut T;
    // SAFETY: the caller vouches for the word.
    unsafe {
        asm!(
            "cmpxchg qword ptr [{word}], {new}",
            word = in(reg) word,
            new = in(reg) new,
            inout("rax") expected => found,
            options(nostack),
        );
    }
    found
}
