/* From QEMU's entry in 32-bit mode without paging to kernel_main in 64-bit mode, and the switch of stacks. */

    /* By the assembler's own word, not the preprocessor's: the kernel in Rust assembles this file as well. */
    .set POISON, 0x5EED5EED5EED5EED

    /* Where to enter: a note of type 18 (PHYS32_ENTRY), as the PVH boot protocol has it. */
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad entry

    .section .text.entry, "ax"
    .code32
    .globl entry
entry:
    cli
    /* The first GiB, mapped one to one in pages of 2 MiB: present, writable, large. */
    movl $level2, %edi
    movl $0x83, %eax
    movl $512, %ecx
1:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $level2 + 3, level3
    movl $level3 + 3, level4
    movl $level4, %eax
    movl %eax, %cr3
    /* CR4.PAE, EFER.LME, then CR0.PG: long mode. */
    movl %cr4, %eax
    orl $0x20, %eax
    movl %eax, %cr4
    movl $0xC0000080, %ecx
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl %cr0, %eax
    orl $0x80000001, %eax
    movl %eax, %cr0
    lgdt descriptors_pointer
    ljmp $8, $long_mode

    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq $boot_stack_top, %rsp
    xorl %ebp, %ebp
    call kernel_main
2:  hlt
    jmp 2b

    /* void switch_stack(void **save, void *load): what a called function must preserve is on the stack meanwhile. */
    .globl switch_stack
switch_stack:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

    /* Patterns in the registers for vectors, whose use traps. The trap turns access on, so that it shows. */
    /* void poison_registers(void) */
    .globl poison_registers
poison_registers:
    movl $no_access, %eax
    movw %ax, interrupts + 7 * 16
    movw $8, interrupts + 7 * 16 + 2
    movw $0x8E00, interrupts + 7 * 16 + 4
    shrl $16, %eax
    movw %ax, interrupts + 7 * 16 + 6
    lidt interrupts_pointer
    movq %cr4, %rax
    orq $0x600, %rax /* OSFXSR, OSXMMEXCPT */
    movq %rax, %cr4
    clts
    movq $POISON, %rax
    movq %rax, %xmm0
    punpcklqdq %xmm0, %xmm0
    .irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqa %xmm0, %xmm\number
    .endr
    movq %cr0, %rax
    orq $8, %rax /* TS */
    movq %rax, %cr0
    ret
no_access:
    clts
    iretq

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
registers_are_poisoned:
    movq %cr0, %rax
    shrl $3, %eax
    andl $1, %eax
    ret

    /* uint64_t use_vector_register(void) */
    .globl use_vector_register
use_vector_register:
    punpckhqdq %xmm15, %xmm15
    movq %xmm15, %rax
    ret

    .section .rodata
    .balign 8
descriptors:
    .quad 0
    .quad 0x00AF9A000000FFFF /* code, 64-bit */
    .quad 0x00CF92000000FFFF /* data */
descriptors_pointer:
    .word . - descriptors - 1
    .quad descriptors
interrupts_pointer:
    .word 8 * 16 - 1
    .quad interrupts

    .section .bss
interrupts:
    .skip 8 * 16
    .balign 4096
level4:
    .skip 4096
level3:
    .skip 4096
level2:
    .skip 4096
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
