//! Fills and compares the vector registers, for `fp`.

use core::arch::naked_asm;

/// Fills both halves of register n with `seed` + n, and sets the rounding mode from `seed`.
///
/// # Safety
///
/// No compiled code of the caller uses the registers.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn load(seed: u64) {
    naked_asm!(
        ".arch_extension fp",
        ".arch_extension simd",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
        r"add x1, x0, #\n",
        r"dup v\n\().2d, x1",
        ".endr",
        "and x1, x0, #3",
        "lsl x1, x1, #22",
        "msr fpcr, x1",
        "ret",
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
        ".arch_extension fp",
        ".arch_extension simd",
        "mov x3, xzr",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
        r"add x1, x0, #\n",
        r"mov x2, v\n\().d[0]",
        "eor x2, x2, x1",
        "orr x3, x3, x2",
        r"mov x2, v\n\().d[1]",
        "eor x2, x2, x1",
        "orr x3, x3, x2",
        ".endr",
        "and x1, x0, #3",
        "lsl x1, x1, #22",
        "mrs x2, fpcr",
        "eor x2, x2, x1",
        "orr x0, x3, x2",
        "ret",
    )
}
