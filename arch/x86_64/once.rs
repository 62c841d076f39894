//! `tsd_once` for C: `int tsd_once(tsd_once_t *control, void (*routine)(void))`.
//!
//! In assembly, so that the unwinder finds no compiled function between the routine and the caller of `tsd_once`, but
//! an entry whose personality routine gives the control back. System V ABI, x86_64: arguments in rdi, rsi, rdx.

core::arch::global_asm!(
    ".pushsection .text.tsd_once,\"ax\",%progbits",
    ".globl tsd_once",
    ".type tsd_once, %function",
    "tsd_once:",
    ".cfi_startproc",
    ".if {ibt}",
    "endbr64", // may be called by pointer
    ".endif",
    ".cfi_personality 0x1b, tsd_once_unwind", // pcrel, sdata4: correct in a kernel that nothing relocates, too
    "sub rsp, 40",                            // frame: 0..24, routine: 24..32, alignment of the stack
    ".cfi_def_cfa_offset 48",
    "mov [rsp + 24], rsi",
    "mov rdx, rsp",
    "call tsd_once_begin",
    "test eax, eax",
    "jns 2f", // complete, or an error
    "call [rsp + 24]",
    "mov rdi, rsp",
    "call tsd_once_end",
    "xor eax, eax",
    "2:",
    "add rsp, 40",
    ".cfi_def_cfa_offset 8",
    "ret",
    ".reloc tsd_once, R_X86_64_NONE, tsd_once_unwind", // which only the unwind entry names, and gold does not look there
    ".cfi_endproc",
    ".size tsd_once, . - tsd_once",
    ".popsection",
    // Keeps the unwind entry where `tsd install` throws away what is not used. No part of the archive: from there, the
    // kernel's linker script decides, and may well have no unwind entries at all.
    ".pushsection .tsd_kept,\"aR\",%progbits",
    ".reloc ., R_X86_64_NONE, .eh_frame",
    ".byte 0",
    ".popsection",
    ibt = const crate::config::IBT,
);
