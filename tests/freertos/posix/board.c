/* The system's output and end, and FreeRTOS's heap. */
#include <stdio.h>
#include <unistd.h>

#include "harness.h"

uint8_t ucHeap[configTOTAL_HEAP_SIZE];

void board_print(const char *text) {
    fputs(text, stdout);
    fflush(stdout);
}

void board_print_number(uint32_t number) { printf("%u", (unsigned)number); }

void board_end(uint32_t status) {
    printf("tsd: end: status %u\n", (unsigned)status);
    fflush(stdout);
    _exit((int)status);
}

void board_failed(const char *file, int line, const char *condition) {
    printf("%s:%d: %s does not hold\n", file, line, condition);
    board_end(1);
}

/* The tick's signal ends it. */
void board_wait_for_interrupt(void) { usleep(100); }

void print_counts(void) {}
