/* From the firmware's entry in S-mode to kernel_main, and the switch of stacks. */

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
    addi sp, sp, -112
    sd ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    sd s\n, 8 + 8 * \n(sp)
    .endr
    sd sp, 0(a0)
    mv sp, a1
    ld ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    ld s\n, 8 + 8 * \n(sp)
    .endr
    addi sp, sp, 112
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
