/* The end by semihosting, the thread pointer and a new thread's stack. */
#include "../virt.h"

void set_thread_pointer(struct thread **block) {
    __asm__ volatile("mcr p15, 0, %0, c13, c0, 4" : : "r"(block) : "memory"); /* TPIDRPRW */
}

void power_off(unsigned status) {
    /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit and a status. */
    volatile uint32_t reason[2] = {0x20026, status};
    register uint32_t operation __asm__("r0") = 0x20;
    register volatile uint32_t *argument __asm__("r1") = reason;
    __asm__ volatile("svc #0x123456" : "+r"(operation) : "r"(argument) : "memory", "lr");
    for (;;) {
        __asm__ volatile("wfi");
    }
}

void *first_stack(unsigned char *top, void (*entry)(void)) {
    /* What switch_stack pops: nine registers, then the address that it returns to. */
    uint32_t *stack = (uint32_t *)(void *)top - 10;
    for (int i = 0; i < 9; i++) {
        stack[i] = 0;
    }
    stack[9] = (uint32_t)entry;
    return stack;
}
