/* From the vector table to kernel_main, the switch of stacks, and what a compiler wants for thread-local storage. */
#define POISON 0x5EED5EED

    .syntax unified
    .cpu cortex-m3
    .thumb

    .section .text.entry, "ax"
    .globl entry
entry:
    .word boot_stack_top
    .word reset
    /* The other vectors: a fault ends in a second one, and QEMU with it. */
    .skip 14 * 4

    .type reset, %function
reset:
    bl kernel_main
1:  wfi
    b 1b

    /* void switch_stack(void **save, void *load): what a called function must preserve but for r9, the platform's. */
    .globl switch_stack
    .type switch_stack, %function
switch_stack:
    push {r4-r8, r10, r11, lr}
    str sp, [r0]
    mov sp, r1
    pop {r4-r8, r10, r11, pc}

    /* A pattern in the platform's register. */
    /* void poison_registers(void) */
    .globl poison_registers
    .type poison_registers, %function
poison_registers:
    ldr r9, =POISON
    bx lr

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
    .type registers_are_poisoned, %function
registers_are_poisoned:
    ldr r1, =POISON
    subs r0, r9, r1
    clz r0, r0
    lsrs r0, r0, #5
    bx lr

    /* uint64_t use_vector_register(void): there are none, so this uses the platform's. */
    .globl use_vector_register
    .type use_vector_register, %function
use_vector_register:
    mov r0, r9
    mov r1, r9
    mov r9, #0
    bx lr

    /* As docs/targets.md has it. */
    .globl __aeabi_read_tp
    .type __aeabi_read_tp, %function
__aeabi_read_tp:
    ldr r0, =thread_block
    ldr r0, [r0]
    bx lr

    .section .bss
    .balign 8
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", %progbits
