/* Masking, and the timer of the CPU itself. */
#include "../kernel.h"

uintptr_t interrupts_mask(void) {
    uintptr_t before;
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(before) : : "memory");
    return before;
}

void interrupts_restore(uintptr_t before) { __asm__ volatile("msr primask, %0" : : "r"(before) : "memory"); }

uintptr_t interrupts_are_masked(void) {
    uintptr_t masked;
    __asm__ volatile("mrs %0, primask" : "=r"(masked) : : "memory");
    return masked;
}

/* SysTick, and the bit that withdraws its interrupt. */
static volatile uint32_t *const timer = (volatile uint32_t *)0xE000E010;
enum { CONTROL, RELOAD, CURRENT, ENABLED_BY_THE_CORES_CLOCK = 7 };
static volatile uint32_t *const interrupt_control = (volatile uint32_t *)0xE000ED04;
enum { CLEAR_TIMER = 1 << 25 };

static void set_timer(uint32_t wait) {
    timer[RELOAD] = wait;
    timer[CURRENT] = 0;
}

void timer_start(uint32_t wait) {
    set_timer(wait);
    timer[CONTROL] = ENABLED_BY_THE_CORES_CLOCK;
}

void timer_stop(void) {
    timer[CONTROL] = 0;
    *interrupt_control = CLEAR_TIMER;
    __asm__ volatile("isb" : : : "memory");
}

/* In the vector table. The CPU has saved what a function may overwrite. */
void timer_handler(void);
void timer_handler(void) { set_timer(timer_came()); }
