/* The console and the end by semihosting, and a new thread's stack. */
#include "../kernel.h"

/* boot.S */
uintptr_t semihosting(uintptr_t operation, volatile void *argument);

void console_put(char character) {
    /* SYS_WRITEC */
    volatile char written = character;
    (void)semihosting(0x03, &written);
}

void set_thread_pointer(struct thread **block) { __asm__ volatile("mv tp, %0" : : "r"(block)); }

void power_off(unsigned status) {
    /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit and a status. */
    volatile uintptr_t block[2] = {0x20026, status};
    (void)semihosting(0x20, block);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

void *first_stack(unsigned char *top, void (*entry)(void)) {
    /* What switch_stack loads: fourteen words, the first of them the address that it returns to. */
    uintptr_t *stack = (uintptr_t *)(void *)top - 14;
    stack[0] = (uintptr_t)entry;
    for (int i = 1; i < 14; i++) {
        stack[i] = 0;
    }
    return stack;
}
