//! x86_64: read-modify-write of words that one thread and the interrupts that stop it share.
//!
//! An interrupt comes between two instructions and never inside of one, so a single instruction is a whole step for
//! the thread's own CPU. The `lock` prefix, with which `core`'s atomics make it a step for all CPUs as well, costs
//! about 20 cycles and serves nobody here: no other CPU writes to these words. A thread that migrates does so by an
//! interrupt.
//!
//! The same names as in `src/own.rs`, which serves the CPUs with no such instructions.
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
#[inline]
pub(crate) fn replace(word: &AtomicUsize, old: usize, new: usize) -> bool {
    let found: usize;
    // SAFETY: the word is valid for writes as long as the reference lives.
    unsafe {
        asm!(
            "cmpxchg qword ptr [{word}], {new}",
            word = in(reg) word.as_ptr(),
            new = in(reg) new,
            inout("rax") old => found,
            options(nostack),
        );
    }
    found == old
}

/// Takes the value, which was `seen` a moment ago, and leaves NULL.
#[inline]
pub(crate) fn take<T>(place: &AtomicPtr<T>, seen: *mut T) -> *mut T {
    let value: *mut T;
    // The comparison fails, and loads the value anew, if an interrupt handler has stored one since.
    // SAFETY: the place is valid for writes as long as the reference lives.
    unsafe {
        asm!(
            "2: cmpxchg qword ptr [{place}], {null}",
            "jne 2b",
            place = in(reg) place.as_ptr(),
            null = in(reg) 0usize,
            inout("rax") seen => value,
            options(nostack),
        );
    }
    value
}
