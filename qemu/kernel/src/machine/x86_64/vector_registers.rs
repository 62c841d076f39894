//! Fills and compares the SSE registers, for `fp`.

use core::arch::naked_asm;

/// Fills both halves of XMMn with `seed` + n, and sets the rounding modes of SSE and x87 from `seed`.
///
/// # Safety
///
/// No compiled code of the caller uses the registers.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn load(seed: u64) {
    naked_asm!(
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
        r"lea rax, [rdi + \n]",
        r"movq xmm\n, rax",
        r"punpcklqdq xmm\n, xmm\n",
        ".endr",
        // Bits 13 and 14 of MXCSR, 10 and 11 of the x87 control word.
        "and edi, 3",
        "mov eax, edi",
        "shl eax, 13",
        "or eax, 0x1f80",
        "push rax",
        "ldmxcsr [rsp]",
        "shl edi, 10",
        "or edi, 0x37f",
        "mov [rsp], rdi",
        "fldcw [rsp]",
        "pop rax",
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
        "xor eax, eax",
        "push 0",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
        r"lea rdx, [rdi + \n]",
        r"movq rcx, xmm\n",
        "xor rcx, rdx",
        "or rax, rcx",
        // The high half: exchanged with the low one, read, and exchanged back.
        r"pshufd xmm\n, xmm\n, 0x4e",
        r"movq rcx, xmm\n",
        r"pshufd xmm\n, xmm\n, 0x4e",
        "xor rcx, rdx",
        "or rax, rcx",
        ".endr",
        "and edi, 3",
        "mov edx, edi",
        "shl edx, 13",
        "or edx, 0x1f80",
        "stmxcsr [rsp]",
        "mov ecx, [rsp]",
        "xor ecx, edx",
        "or rax, rcx",
        "shl edi, 10",
        "or edi, 0x37f",
        "fnstcw [rsp]",
        "movzx ecx, word ptr [rsp]",
        "xor ecx, edi",
        "or rax, rcx",
        "pop rcx",
        "ret",
    )
}
