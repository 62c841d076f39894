/*
 * The registers that nobody may use, and the trap of those who do; on 32 bits, in M-mode, with the timer's interrupt.
 */

#if __riscv_xlen == 64
#define POISON 0x5EED5EED5EED5EED
#define FLOAT_FROM fmv.d.x
#define FLOAT_TO fmv.x.d
#define STATUS sstatus
#define TRAP_VECTOR stvec
#define SCRATCH sscratch
#define TRAP_RETURN sret
#else
#define POISON 0x5EED5EED
#define FLOAT_FROM fmv.w.x
#define FLOAT_TO fmv.x.w
#define STATUS mstatus
#define TRAP_VECTOR mtvec
#define SCRATCH mscratch
#define TRAP_RETURN mret
#define INTERRUPTS_ENABLED 8
#endif

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
    csrw TRAP_VECTOR, t0
    li t1, 3 << 13
    csrs STATUS, t1
    li gp, POISON
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    FLOAT_FROM f\number, gp
    .endr
    .irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    FLOAT_FROM f\number, gp
    .endr
    csrc STATUS, t1
#ifdef INTERRUPTS_ENABLED
    csrsi STATUS, INTERRUPTS_ENABLED
#endif
    ret

    /* int registers_are_poisoned(void) */
    .globl registers_are_poisoned
registers_are_poisoned:
    li t0, POISON
    xor t0, t0, gp
    csrr t1, STATUS
    li t2, 3 << 13
    and t1, t1, t2
    or t0, t0, t1
    seqz a0, t0
    ret

    /* uint64_t use_vector_register(void) */
    .globl use_vector_register
use_vector_register:
    FLOAT_TO a0, f31
#if __riscv_xlen == 32
    mv a1, a0
#endif
    ret

    .balign 4
trap:
    csrw SCRATCH, t0
#ifdef INTERRUPTS_ENABLED
    csrr t0, mcause
    bltz t0, interrupt
#endif
    li t0, 3 << 13
    csrs STATUS, t0
    csrr t0, SCRATCH
    TRAP_RETURN

#ifdef INTERRUPTS_ENABLED
    /* Loads or stores what a function may overwrite. */
    .macro each_scratch instruction
    \instruction ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6
    \instruction t\n, 4 + 4 * \n(sp)
    .endr
    .irp n, 0,1,2,3,4,5,6,7
    \instruction a\n, 32 + 4 * \n(sp)
    .endr
    .endm

    /* It is the timer's. That is on the interrupted stack meanwhile. */
interrupt:
    csrr t0, SCRATCH
    addi sp, sp, -64
    each_scratch sw
    .weak timer_handler
    call timer_handler
    each_scratch lw
    addi sp, sp, 64
    TRAP_RETURN
#endif
    .option pop

    .section .note.GNU-stack, "", %progbits
