/* From QEMU's entry with the MMU off to kernel_main with caches on, and the switch of stacks. */
#define POISON 0x5EED5EED

    .syntax unified
    .arch armv7-a
    .fpu neon
    .arm

    .section .text.entry, "ax"
    .globl entry
entry:
    /* Exclusive accesses need cacheable memory: sections of 1 MiB, devices below RAM, mapped one to one. */
    ldr r0, =sections
    ldr r1, =0x00000C16 /* device, not executable */
    ldr r2, =0x40001C0E /* RAM: write-back */
    mov r3, #0
1:  cmp r3, #1024
    movlo r4, r1
    movhs r4, r2
    addlo r1, r1, #0x100000
    addhs r2, r2, #0x100000
    str r4, [r0, r3, lsl #2]
    add r3, r3, #1
    cmp r3, #2048
    blo 1b
    mcr p15, 0, r0, c2, c0, 0 /* TTBR0 */
    mov r1, #0
    mcr p15, 0, r1, c2, c0, 2 /* TTBCR: TTBR0 for all */
    mov r1, #1
    mcr p15, 0, r1, c3, c0, 0 /* DACR: permissions as the sections have them */
    dsb
    mcr p15, 0, r1, c8, c7, 0 /* TLBIALL */
    dsb
    isb
    mrc p15, 0, r1, c1, c0, 0
    ldr r2, =0x1005 /* MMU, data cache, instruction cache */
    orr r1, r1, r2
    mcr p15, 0, r1, c1, c0, 0 /* SCTLR */
    isb
    ldr sp, =boot_stack_top
    bl kernel_main
2:  wfi
    b 2b

    /* void switch_stack(void **save, void *load): what a called function must preserve, and one to keep the alignment. */
    .globl switch_stack
    .type switch_stack, %function
switch_stack:
    push {r3-r11, lr}
    str sp, [r0]
    mov sp, r1
    pop {r3-r11, pc}

    /*
     * Patterns in the registers for vectors, whose use traps. The trap turns them on, so that it shows. This is data, as far
     * as sections go: whoever looks at each instruction of the code is to find none that names them.
     */
    .section .data.poison, "aw"
    /* void poison_registers(void) */
    .globl poison_registers
    .type poison_registers, %function
poison_registers:
    adr r0, vectors
    mcr p15, 0, r0, c12, c0, 0 /* VBAR */
    mov r0, #0xF << 20
    mcr p15, 0, r0, c1, c0, 2 /* CPACR */
    isb
    mov r0, #1 << 30
    vmsr fpexc, r0
    ldr r0, =POISON
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vdup.32 q\number, r0
    .endr
    mov r0, #0
    vmsr fpexc, r0
    bx lr

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
    .type registers_are_poisoned, %function
registers_are_poisoned:
    vmrs r0, fpexc
    mvn r0, r0
    ubfx r0, r0, #30, #1
    bx lr

    /* uint64_t use_vector_register(void) */
    .globl use_vector_register
    .type use_vector_register, %function
use_vector_register:
    vmov r0, r1, d31
    bx lr

    .ltorg
    .balign 32
vectors:
    b .
    b undefined
    .rept 6
    b .
    .endr
undefined:
    mcr p15, 0, r0, c13, c0, 2 /* TPIDRURW, which nobody else uses */
    mov r0, #1 << 30
    vmsr fpexc, r0
    mrc p15, 0, r0, c13, c0, 2
    subs pc, lr, #4

    .section .bss
    .balign 16384
sections:
    .skip 16384
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", %progbits
