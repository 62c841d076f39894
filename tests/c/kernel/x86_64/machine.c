/* The thread pointer and a new thread's stack. */
#include "../pc.h"

void set_thread_pointer(struct thread **block) {
    const uint64_t address = (uintptr_t)block;
    __asm__ volatile("wrmsr" : : "c"(0xC0000101u /* IA32_GS_BASE */), "a"((uint32_t)address), "d"(address >> 32));
}

void *first_stack(unsigned char *top, void (*entry)(void)) {
    /* What switch_stack pops: six registers, then the address that it returns to; the stack as after a call. */
    uint64_t *stack = (uint64_t *)(void *)top;
    *--stack = 0;
    *--stack = (uint64_t)entry;
    for (int i = 0; i < 6; i++) {
        *--stack = 0;
    }
    return stack;
}
