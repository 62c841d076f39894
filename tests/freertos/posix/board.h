/* A POSIX system in place of a board, by FreeRTOS's simulator: tasks are its threads, and a signal is the tick. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#define BOARD_CLOCK_HZ 1000000
/* Stacks are the system's, and FreeRTOS can't look at them. */
#define BOARD_STACK_WORDS 8192
#define BOARD_STACK_CHECK 0
/*
 * A deleted task's thread is cancelled, which unwinds its stack on a thread that is not the current task's: in a once
 * routine, that would give the control back on behalf of the wrong task.
 */
#define BOARD_UNWINDS_DELETED_TASKS 1

void board_print(const char *text);
void board_print_number(uint32_t number);
void board_end(uint32_t status) __attribute__((noreturn));
void board_failed(const char *file, int line, const char *condition) __attribute__((noreturn));
void board_wait_for_interrupt(void);

#endif
