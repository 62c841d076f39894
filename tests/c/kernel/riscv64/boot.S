/* From the firmware's entry in S-mode to kernel_main, and the switch of stacks. */

    .set POISON, 0x5EED5EED5EED5EED

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

    /*
     * Patterns in the linker's register and in those for floating point, which nobody may use: access to the latter traps.
     * The trap turns access on, so that it shows. This is data, as far as sections go: the test that looks at each
     * instruction of the code is to find none that names them.
     */
    .section .data.poison, "aw"
    .option push
    .option arch, +d
    /* void poison_registers(void) */
    .balign 8
    .globl poison_registers
poison_registers:
    la t0, trap
    csrw stvec, t0
    li t1, 3 << 13
    csrs sstatus, t1
    li gp, POISON
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    fmv.d.x f\number, gp
    .endr
    .irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fmv.d.x f\number, gp
    .endr
    csrc sstatus, t1
    ret

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
registers_are_poisoned:
    li t0, POISON
    xor t0, t0, gp
    csrr t1, sstatus
    li t2, 3 << 13
    and t1, t1, t2
    or t0, t0, t1
    seqz a0, t0
    ret

    /* uint64_t use_vector_register(void) */
    .globl use_vector_register
use_vector_register:
    fmv.x.d a0, f31
    ret

    .balign 4
trap:
    csrw sscratch, t0
    li t0, 3 << 13
    csrs sstatus, t0
    csrr t0, sscratch
    sret
    .option pop

    .section .bss
    .balign 16
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", %progbits
