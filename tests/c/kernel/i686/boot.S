/* From Multiboot's entry in 32-bit mode without paging to kernel_main, and the switch of stacks. */
#define POISON 0x5EED5EED

    /* Multiboot's header: the number that it is found by, no wishes, and what makes their sum 0. */
    .section .text.entry, "ax"
    .balign 4
    .long 0x1BADB002, 0, -0x1BADB002

    .globl entry
entry:
    cli
    lgdt descriptors_pointer
    ljmp $8, $1f
1:  movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $boot_stack_top, %esp
    xorl %ebp, %ebp
    call kernel_main
2:  hlt
    jmp 2b

    /* void switch_stack(void **save, void *load): what a called function must preserve is on the stack meanwhile. */
    .globl switch_stack
switch_stack:
    movl 4(%esp), %eax
    movl 8(%esp), %edx
    pushl %ebx
    pushl %ebp
    pushl %esi
    pushl %edi
    movl %esp, (%eax)
    movl %edx, %esp
    popl %edi
    popl %esi
    popl %ebp
    popl %ebx
    ret

    /* Patterns in the registers for vectors. Their use traps, and so does that of those for floating point. The trap turns
       access on, so that it shows. */
    /* void poison_registers(void) */
    .globl poison_registers
poison_registers:
    movl $no_access, %eax
    movw %ax, interrupts + 7 * 8
    movw $8, interrupts + 7 * 8 + 2
    movw $0x8E00, interrupts + 7 * 8 + 4
    shrl $16, %eax
    movw %ax, interrupts + 7 * 8 + 6
    lidt interrupts_pointer
    movl %cr4, %eax
    orl $0x600, %eax /* OSFXSR, OSXMMEXCPT */
    movl %eax, %cr4
    clts
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7
    movups poison, %xmm\number
    .endr
    movl %cr0, %eax
    orl $8, %eax /* TS */
    movl %eax, %cr0
    ret
no_access:
    clts
    iretl

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
registers_are_poisoned:
    movl %cr0, %eax
    shrl $3, %eax
    andl $1, %eax
    ret

    /* uint64_t use_vector_register(void) */
    .globl use_vector_register
use_vector_register:
    movups %xmm7, vector
    movl vector + 8, %eax
    movl vector + 12, %edx
    ret

    .section .rodata
poison:
    .long POISON, POISON, POISON, POISON
descriptors_pointer:
    .word 4 * 8 - 1
    .long descriptors
interrupts_pointer:
    .word 8 * 8 - 1
    .long interrupts

    .section .data
    .balign 8
descriptors:
    .quad 0
    .quad 0x00CF9A000000FFFF /* code */
    .quad 0x00CF92000000FFFF /* data */
    .globl descriptor_of_gs
descriptor_of_gs:
    .quad 0x00CF92000000FFFF

    .section .bss
    .balign 16
interrupts:
    .skip 8 * 8
vector:
    .skip 16
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
