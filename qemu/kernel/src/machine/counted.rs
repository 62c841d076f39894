//! How many instructions a call takes, by the machine's counter: on one CPU under `-icount shift=0`.
//!
//! What a call of a function that only returns takes is subtracted, so that what is left is the function's own code
//! with its return.

use core::{arch::naked_asm, ffi::c_void, hint::black_box};

use super::{counter, interrupts::without_interrupts};

/// What is counted: all have the same type, so that their calls cost the same.
pub(crate) type Call = extern "C" fn(key: usize, value: *mut c_void) -> usize;

#[unsafe(naked)]
extern "C" fn only_return(_: usize, _: *mut c_void) -> usize {
    // In assembly, so that it is one instruction in every build.
    naked_asm!("ret")
}

/// Counts one call and gives what it returned.
#[inline(never)]
fn counted(call: Call, key: usize, value: *mut c_void) -> (u64, usize) {
    let call = black_box(call);
    let before = counter::read();
    let result = call(key, value);
    let after = counter::read();
    (after - before, result)
}

/// Counts the instructions of a call; gives what it returned, too.
pub(crate) fn instructions(call: Call, key: usize, value: *mut c_void) -> (u64, usize) {
    without_interrupts(|| {
        // The first reading after another use of the counter may be off.
        let _ = counted(only_return, key, value);
        let (empty, _) = counted(only_return, key, value);
        let (count, result) = counted(call, key, value);
        // What only returns is one instruction.
        (count - empty + 1, result)
    })
}
