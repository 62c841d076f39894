/* The end by semihosting, the thread pointer and a new thread's stack. */
#include "../virt.h"

void set_thread_pointer(struct thread **block) { __asm__ volatile("msr tpidr_el1, %0" : : "r"(block)); }

void power_off(unsigned status) {
    /* SYS_EXIT with ADP_Stopped_ApplicationExit and a status. */
    volatile uint64_t block[2] = {0x20026, status};
    register uint64_t operation __asm__("x0") = 0x18;
    register volatile uint64_t *argument __asm__("x1") = block;
    __asm__ volatile("hlt #0xF000" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
        __asm__ volatile("wfi");
    }
}

void *first_stack(unsigned char *top, void (*entry)(void)) {
    /* What switch_stack loads: twelve registers, the last of them the address that it returns to. */
    uint64_t *stack = (uint64_t *)(void *)top - 12;
    for (int i = 0; i < 11; i++) {
        stack[i] = 0;
    }
    stack[11] = (uint64_t)entry;
    return stack;
}
