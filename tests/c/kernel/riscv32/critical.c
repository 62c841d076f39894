/* Masking in M-mode, and the timer of QEMU's board. */
#include "../kernel.h"

enum { INTERRUPTS_ENABLED = 8, TIMER_ENABLED = 1 << 7 };

uintptr_t interrupts_mask(void) {
    uintptr_t before;
    __asm__ volatile("csrrci %0, mstatus, %1" : "=r"(before) : "i"(INTERRUPTS_ENABLED) : "memory");
    return before & INTERRUPTS_ENABLED;
}

void interrupts_restore(uintptr_t before) { __asm__ volatile("csrs mstatus, %0" : : "r"(before) : "memory"); }

uintptr_t interrupts_are_masked(void) {
    uintptr_t status;
    __asm__ volatile("csrr %0, mstatus" : "=r"(status) : : "memory");
    return (status & INTERRUPTS_ENABLED) == 0;
}

/* The time, and when the interrupt comes: two words each. It stays until the second is later again. */
static volatile uint32_t *const time = (volatile uint32_t *)0x0200BFF8;
static volatile uint32_t *const compare = (volatile uint32_t *)0x02004000;

static void set_timer(uint32_t wait) {
    /* A run is over before the lower word wraps. */
    compare[1] = 0;
    compare[0] = time[0] + wait;
}

void timer_start(uint32_t wait) {
    set_timer(wait);
    __asm__ volatile("csrs mie, %0" : : "r"(TIMER_ENABLED) : "memory");
}

void timer_stop(void) { __asm__ volatile("csrc mie, %0" : : "r"(TIMER_ENABLED) : "memory"); }

/* boot.S calls it. */
void timer_handler(void);
void timer_handler(void) { set_timer(timer_came()); }
