/*
 * From entry to kernel_main, and the switch of stacks. On 64 bits after the firmware, in S-mode; on 32 bits, where there is none,
 * in M-mode. The kernel in Rust takes it as it is, without C's preprocessor; the symbol BITS_32 says that it is 32 bits.
 */

    .ifdef BITS_32
    .equ WORD, 4
    .macro LOAD register, place
    lw \register, \place
    .endm
    .macro STORE register, place
    sw \register, \place
    .endm
    .else
    .equ WORD, 8
    .macro LOAD register, place
    ld \register, \place
    .endm
    .macro STORE register, place
    sd \register, \place
    .endm
    .endif

    .section .text.entry, "ax"
    .globl entry
entry:
    la sp, boot_stack_top
    mv s0, zero
    call kernel_main
1:  wfi
    j 1b

    /* void switch_stack(void **save, void *load): what a called function must preserve is on the stack meanwhile. */
    .globl switch_stack
switch_stack:
    addi sp, sp, -14 * WORD
    STORE ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    STORE s\n, WORD+WORD*\n(sp)
    .endr
    STORE sp, 0(a0)
    mv sp, a1
    LOAD ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    LOAD s\n, WORD+WORD*\n(sp)
    .endr
    addi sp, sp, 14 * WORD
    ret

    /* uintptr_t semihosting(uintptr_t operation, void *argument): what QEMU is asked with. */
    .globl semihosting
    .balign 16
    .option push
    .option norvc
semihosting:
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    .option pop
    ret

    .section .bss
    .balign 16
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", %progbits
