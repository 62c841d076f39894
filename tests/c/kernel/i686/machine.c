/* The thread pointer and a new thread's stack. */
#include "../pc.h"

/* Of boot.S: the descriptor that gs is for, whose base is in four bytes of it. */
extern volatile unsigned char descriptor_of_gs[8];
enum { SELECTOR_OF_GS = 24 };

void set_thread_pointer(struct thread **block) {
    const uint32_t address = (uint32_t)block;
    descriptor_of_gs[2] = (uint8_t)address;
    descriptor_of_gs[3] = (uint8_t)(address >> 8);
    descriptor_of_gs[4] = (uint8_t)(address >> 16);
    descriptor_of_gs[7] = (uint8_t)(address >> 24);
    __asm__ volatile("movw %w0, %%gs" : : "r"(SELECTOR_OF_GS) : "memory");
}

void *first_stack(unsigned char *top, void (*entry)(void)) {
    /* What switch_stack pops: four registers, then the address that it returns to; the stack as after a call. */
    uint32_t *stack = (uint32_t *)(void *)top;
    *--stack = 0;
    *--stack = (uint32_t)entry;
    for (int i = 0; i < 4; i++) {
        *--stack = 0;
    }
    return stack;
}
