//! Fills and compares the floating-point registers, for `fp`: there are no vector registers.

use core::arch::naked_asm;

/// Fills register n with `seed` + n, and sets the rounding mode from `seed`.
///
/// # Safety
///
/// No compiled code of the caller uses the registers.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn load(seed: u64) {
    naked_asm!(
        ".option push",
        ".option arch, +d",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
        r"addi t0, a0, \n",
        r"fmv.d.x f\n, t0",
        ".endr",
        "andi t0, a0, 3",
        "fsrm t0",
        "ret",
        ".option pop",
    )
}

/// Returns 0 if all registers are as [`load`] with the same `seed` left them, and leaves them so.
///
/// # Safety
///
/// No compiled code of the caller uses the registers.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn compare(seed: u64) -> u64 {
    naked_asm!(
        ".option push",
        ".option arch, +d",
        "mv t2, zero",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
        r"addi t0, a0, \n",
        r"fmv.x.d t1, f\n",
        "xor t1, t1, t0",
        "or t2, t2, t1",
        ".endr",
        "andi t0, a0, 3",
        "frrm t1",
        "xor t1, t1, t0",
        "or a0, t2, t1",
        "ret",
        ".option pop",
    )
}
