//! `tsd_once` for C: `int tsd_once(tsd_once_t *control, void (*routine)(void))`.
//!
//! In assembly, so that the unwinder finds no compiled function between the routine and the caller of `tsd_once`, but
//! an entry whose personality routine gives the control back. AAPCS64: arguments in x0, x1, x2.

core::arch::global_asm!(
    ".pushsection .text.tsd_once,\"ax\",%progbits",
    ".balign 4",
    ".globl tsd_once",
    ".type tsd_once, %function",
    "tsd_once:",
    ".cfi_startproc",
    ".cfi_personality 0x1b, tsd_once_unwind", // pcrel, sdata4: correct in a kernel that nothing relocates, too
    "stp x29, x30, [sp, #-48]!",              // frame: 16..40, routine: 40..48
    ".cfi_def_cfa_offset 48",
    ".cfi_offset x29, -48",
    ".cfi_offset x30, -40",
    "mov x29, sp",
    "str x1, [sp, #40]",
    "add x2, sp, #16",
    "bl tsd_once_begin",
    "tbz w0, #31, 2f", // complete, or an error
    "ldr x8, [sp, #40]",
    "blr x8",
    "add x0, sp, #16",
    "bl tsd_once_end",
    "mov w0, wzr",
    "2:",
    "ldp x29, x30, [sp], #48",
    ".cfi_def_cfa_offset 0",
    ".cfi_restore x29",
    ".cfi_restore x30",
    "ret",
    ".reloc tsd_once, R_AARCH64_NONE, tsd_once_unwind", // which only the unwind entry names, and gold does not look there
    ".cfi_endproc",
    ".size tsd_once, . - tsd_once",
    ".popsection",
    // Keeps the unwind entry where `tsd install` throws away what is not used. No part of the archive: from there, the
    // kernel's linker script decides, and may well have no unwind entries at all.
    ".pushsection .tsd_kept,\"aR\",%progbits",
    ".reloc ., R_AARCH64_NONE, .eh_frame",
    ".byte 0",
    ".popsection",
);
