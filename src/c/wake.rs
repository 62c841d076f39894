//! The kernel's hook `tsd_wake`, as the core sees it, which every kernel links.
//!
//! Invariant: the core does not want the symbol, so that a kernel in which nobody ever waits need not define it. Thread
//! exit wakes whoever waits for a routine in which the thread was killed; nobody does without the member `once`, which
//! wants both hooks. So the symbol is weak here: its address, or 0 where there is no such function.
//!
//! The address is data, since the instructions that compute addresses can't reach 0 from everywhere.

use crate::address::address_of;
use crate::sync::AtomicU32;

core::arch::global_asm!(
    ".weak tsd_wake",
    ".pushsection .data.rel.ro.tsd_wake_if_any,\"aw\",%progbits",
    ".balign {size}",
    ".globl tsd_wake_if_any",
    "tsd_wake_if_any:",
    ".{size}byte tsd_wake",
    ".size tsd_wake_if_any, {size}",
    ".popsection",
    size = const size_of::<usize>(),
);

// Not C's type, but a pointer that may be NULL is one in both languages.
unsafe extern "C" {
    #[link_name = "tsd_wake_if_any"]
    safe static WAKE: Option<extern "C" fn(&AtomicU32)>;
}

/// Wakes every thread that waits on `word`.
pub fn wake(word: &AtomicU32) {
    let address: *const Option<extern "C" fn(&AtomicU32)> = address_of!(WAKE);
    // SAFETY: the word above, which is 0 or a function's address.
    if let Some(wake) = unsafe { *address } {
        wake(word);
    }
}
