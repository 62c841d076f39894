//! `tsd_once` for C: `int tsd_once(tsd_once_t *control, void (*routine)(void))`.
//!
//! In assembly, so that the unwinder finds no compiled function between the routine and the caller of `tsd_once`, but
//! an entry whose personality routine gives the control back. RISC-V ABI: arguments in a0, a1, a2.

core::arch::global_asm!(
    ".pushsection .text.tsd_once,\"ax\",%progbits",
    ".balign 4",
    ".globl tsd_once",
    ".type tsd_once, %function",
    "tsd_once:",
    ".cfi_startproc",
    ".cfi_personality 0x1b, tsd_once_unwind", // pcrel, sdata4: correct in a kernel that nothing relocates, too
    "addi sp, sp, -48",                       // frame: 0..24, routine: 32..40
    ".cfi_def_cfa_offset 48",
    "sd ra, 40(sp)",
    ".cfi_offset ra, -8",
    "sd a1, 32(sp)",
    "mv a2, sp",
    "call tsd_once_begin",
    "bgez a0, 2f", // complete, or an error
    "ld t0, 32(sp)",
    "jalr t0",
    "mv a0, sp",
    "call tsd_once_end",
    "li a0, 0",
    "2:",
    "ld ra, 40(sp)",
    "addi sp, sp, 48",
    ".cfi_restore ra",
    ".cfi_def_cfa_offset 0",
    "ret",
    ".reloc tsd_once, R_RISCV_NONE, tsd_once_unwind", // which only the unwind entry names
    ".cfi_endproc",
    ".size tsd_once, . - tsd_once",
    ".popsection",
    // Keeps the unwind entry where `tsd install` throws away what is not used. No part of the archive: from there, the
    // kernel's linker script decides, and may well have no unwind entries at all.
    ".pushsection .tsd_kept,\"aR\",%progbits",
    ".reloc ., R_RISCV_NONE, .eh_frame",
    ".byte 0",
    ".popsection",
);
