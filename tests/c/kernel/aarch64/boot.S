/* From QEMU's entry at EL1 with the MMU off to kernel_main with caches on, and the switch of stacks. */

    /* By the assembler's own word, not the preprocessor's: the kernel in Rust assembles this file as well. */
    .set POISON, 0x5EED5EED5EED5EED

    .section .text.entry, "ax"
    .globl entry
entry:
    /* Exclusive accesses need cacheable memory: two blocks of 1 GiB, devices and RAM, mapped one to one. */
    ldr x0, =level1
    ldr x1, =0x0040000000000401 /* devices: attribute 0, accessed, not executable */
    str x1, [x0]
    ldr x1, =0x0000000040000705 /* RAM: attribute 1, accessed, inner shareable */
    str x1, [x0, #8]
    ldr x1, =0xFF00 /* attribute 0: device; attribute 1: write-back */
    msr mair_el1, x1
    ldr x1, =0x00803519 /* 39 bits of address, 4 KiB granule, write-back walks, the upper half unused */
    msr tcr_el1, x1
    msr ttbr0_el1, x0
    dsb sy
    isb
    tlbi vmalle1
    dsb sy
    isb
    mrs x1, sctlr_el1
    ldr x2, =0x1005 /* MMU, data cache, instruction cache */
    orr x1, x1, x2
    msr sctlr_el1, x1
    isb
    ldr x0, =boot_stack_top
    mov sp, x0
    mov x29, xzr
    bl kernel_main
1:  wfi
    b 1b

    /* void switch_stack(void **save, void *load): what a called function must preserve is on the stack meanwhile. */
    .globl switch_stack
switch_stack:
    stp x19, x20, [sp, #-96]!
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp x19, x20, [sp], #96
    ret

    /*
     * Patterns in the platform's register and in those for vectors, which nobody may use: access to the latter traps.
     * The trap turns access on, so that it shows. This is data, as far as sections go: the test that looks at each
     * instruction of the code is to find none that names them.
     */
    .section .data.poison, "aw"
    .arch_extension simd
    /* void poison_registers(void) */
    .globl poison_registers
poison_registers:
    adr x9, vectors
    msr vbar_el1, x9
    mov x9, #3 << 20
    msr cpacr_el1, x9
    isb
    ldr x18, =POISON
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    dup v\number\().2d, x18
    .endr
    .irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    dup v\number\().2d, x18
    .endr
    msr cpacr_el1, xzr
    isb
    ret

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
registers_are_poisoned:
    mrs x9, cpacr_el1
    ldr x10, =POISON
    cmp x18, x10
    ccmp x9, #0, #0, eq
    cset w0, eq
    ret

    /* uint64_t use_vector_register(void) */
    .globl use_vector_register
use_vector_register:
    umov x0, v31.d[1]
    ret

    .ltorg
    .balign 2048
vectors:
    .skip 0x200 /* what happens on the kernel's own stack comes after that */
    str x9, [sp, #-16]!
    mov x9, #3 << 20
    msr cpacr_el1, x9
    ldr x9, [sp], #16
    eret

    .section .bss
    .balign 4096
level1:
    .skip 4096
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", %progbits
