/* From reset to main(), and what a compiler expects of a C library. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "FreeRTOS.h"

#include "board.h"

int main(void);
void reset(void) __attribute__((noreturn));
#if __ARM_ARCH == 6
/* FreeRTOS's handlers have the names of Arm's headers there. */
#define vPortSVCHandler SVC_Handler
#define xPortPendSVHandler PendSV_Handler
#define xPortSysTickHandler SysTick_Handler
#endif
void vPortSVCHandler(void);
void xPortPendSVHandler(void);
void xPortSysTickHandler(void);
void preempting_handler(void);
void unmasked_handler(void);
void software_handler(void);

extern unsigned char stack_top[];

/* FreeRTOS's heap, in the memory that it has to itself. */
__attribute__((section(".heap"), aligned(8))) uint8_t ucHeap[configTOTAL_HEAP_SIZE];

/* QEMU has laid code and data where they belong, and memory is zero; but what is allocated holds anything. */
void reset(void) {
    memset(ucHeap, 0xa5, sizeof ucHeap);
    board_start();
    main();
    board_failed(__FILE__, __LINE__, "main does not return");
}

static void fault(void) {
    uint32_t number, *frame;
    __asm__ volatile("mrs %0, ipsr\n\tmrs %1, psp" : "=r"(number), "=r"(frame));
    board_print("exception ");
    board_print_number(number);
    board_print(", program counter ");
    board_print_number(frame[6]);
    board_print("\n");
    board_end(2);
}

typedef void (*handler_t)(void);

enum { EXCEPTIONS = 16, SV_CALL = 11, PEND_SV = 14, SYS_TICK = 15 };

__attribute__((section(".vectors"), used)) static const handler_t vectors[EXCEPTIONS + 32] = {
    [0] = (handler_t)(void *)stack_top,
    [1] = reset,
    [2 ... 10] = fault,
    [SV_CALL] = vPortSVCHandler,
    [PEND_SV] = xPortPendSVHandler,
    [SYS_TICK] = xPortSysTickHandler,
    [EXCEPTIONS + 8] = preempting_handler,
    [EXCEPTIONS + 9] = unmasked_handler,
    [EXCEPTIONS + 31] = software_handler,
};

/* ---- memory ---- */

__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    unsigned char *target = to;
    const unsigned char *source = from;
    while (count--) {
        *target++ = *source++;
    }
    return to;
}

__attribute__((weak)) void *memset(void *to, int byte, size_t count) {
    unsigned char *target = to;
    while (count--) {
        *target++ = (unsigned char)byte;
    }
    return to;
}

__attribute__((weak)) int memcmp(const void *left, const void *right, size_t count) {
    const unsigned char *one = left, *other = right;
    for (; count--; one++, other++) {
        if (*one != *other) {
            return *one - *other;
        }
    }
    return 0;
}
