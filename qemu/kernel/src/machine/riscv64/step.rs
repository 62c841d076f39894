//! Single steps.
use crate::machine::counted::Call;
use core::{arch::naked_asm, ffi::c_void};
pub(crate) const POSSIBLE: bool = false;
pub(crate) unsafe extern "C" fn call(function: Call, key: usize, value: *mut c_void) -> usize {
    function(key, value)
}
/// The number of instructions of [`known`].
pub(crate) const KNOWN_INSTRUCTIONS: u64 = 103;
/// A call whose length is known, with a loop in it.
#[unsafe(naked)]
pub(crate) extern "C" fn known(_: usize, _: *mut c_void) -> usize {
    naked_asm!("li t0, 50", "2:", "addi t0, t0, -1", "bnez t0, 2b", "nop", "ret",)
}
