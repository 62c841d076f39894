/* The console and the end by semihosting, a new thread's stack, and the thread-local storage that is not emulated. */
#include "../kernel.h"

static void semihosting(uint32_t operation, volatile void *argument) {
    register uint32_t first __asm__("r0") = operation;
    register volatile void *second __asm__("r1") = argument;
    __asm__ volatile("bkpt #0xAB" : "+r"(first) : "r"(second) : "memory");
}

void console_put(char character) {
    /* SYS_WRITEC */
    volatile char written = character;
    semihosting(0x03, &written);
}

/* Two words, then a copy of .tdata: one block for all threads, since one case alone looks at it. */
static unsigned char block[8 + 8];
void *thread_block = block;
extern const unsigned char tdata[], tdata_end[];

void set_thread_pointer(struct thread **current_thread) {
    (void)current_thread;
    CHECK((uintptr_t)tdata_end - (uintptr_t)tdata <= sizeof block - 8);
    for (uintptr_t at = 0; at < (uintptr_t)tdata_end - (uintptr_t)tdata; at++) {
        ((volatile unsigned char *)block)[8 + at] = tdata[at];
    }
}

_Thread_local int in_elf = 5;

void power_off(unsigned status) {
    /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit and a status. */
    volatile uint32_t reason[2] = {0x20026, status};
    CHECK(status != 0 || (in_elf++ == 5 && block[8] == 6));
    semihosting(0x20, reason);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

void *first_stack(unsigned char *top, void (*entry)(void)) {
    /* What switch_stack pops: seven registers, then the address that it returns to. */
    uint32_t *stack = (uint32_t *)(void *)top - 8;
    for (int i = 0; i < 7; i++) {
        stack[i] = 0;
    }
    stack[7] = (uint32_t)entry;
    return stack;
}
