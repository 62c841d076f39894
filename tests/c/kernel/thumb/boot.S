/*
 * From the vector table to kernel_main, the switch of stacks, and what a compiler wants for thread-local storage: in
 * instructions that each CPU with Thumb has.
 */
#define POISON 0x5EED5EED

#ifdef SMALL_MACHINE
#define BOOT_STACK_SIZE 2560
#else
#define BOOT_STACK_SIZE 16384
#endif

    .syntax unified
    .thumb

    .section .text.entry, "ax"
    .globl entry
entry:
    .word boot_stack_top
    .word reset
    /* The other vectors but for the timer's, if there is one: a fault ends in a second one, and QEMU with it. */
    .skip 13 * 4
    .weak timer_handler
    .word timer_handler

    .type reset, %function
reset:
    bl kernel_main
1:  wfi
    b 1b

    /* void switch_stack(void **save, void *load): what a called function must preserve but for r9, the platform's. */
    .globl switch_stack
    .type switch_stack, %function
switch_stack:
    push {r4-r7, lr}
    mov r2, r8
    mov r3, r10
    mov r4, r11
    push {r2-r4}
    mov r2, sp
    str r2, [r0]
    mov sp, r1
    pop {r2-r4}
    mov r8, r2
    mov r10, r3
    mov r11, r4
    pop {r4-r7, pc}

    /* A pattern in the platform's register. */
    /* void poison_registers(void) */
    .globl poison_registers
    .type poison_registers, %function
poison_registers:
    ldr r0, =POISON
    mov r9, r0
    bx lr

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
    .type registers_are_poisoned, %function
registers_are_poisoned:
    ldr r1, =POISON
    mov r0, r9
    subs r0, r0, r1
    /* The carry is set where the difference is 0, and the sum is 0 otherwise. */
    rsbs r1, r0, #0
    adcs r0, r1
    bx lr

    /* uint64_t use_vector_register(void): there are none, so this uses the platform's. */
    .globl use_vector_register
    .type use_vector_register, %function
use_vector_register:
    mov r0, r9
    mov r1, r9
    movs r2, #0
    mov r9, r2
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
    .skip BOOT_STACK_SIZE
boot_stack_top:

    .section .note.GNU-stack, "", %progbits
