/* QEMU's board mps2-an385: what both images need of it. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#define BOARD_CLOCK_HZ 25000000
/* The smallest stack of a task, in words, and what FreeRTOS looks at of it. */
#define BOARD_STACK_WORDS 512
#define BOARD_STACK_CHECK 2
#define BOARD_HAS_TIMERS 1
/* Files in C++ are compiled, too. */
#define BOARD_HAS_CXX 1

/* board.c */
void board_start(void);
void board_print(const char *text);
void board_print_number(uint32_t number);
/* The machine's command line: what QEMU was told behind the program's name. */
const char *board_command_line(void);
/* Prints the final line, and ends QEMU with this status. */
void board_end(uint32_t status) __attribute__((noreturn));
void board_failed(const char *file, int line, const char *condition) __attribute__((noreturn));

/*
 * A timer that preempts at random moments: its handler calls vBoardPreempted() and asks for a switch, by which the next
 * task of the same priority runs. 0 stops it.
 */
void board_draw_preemptions(uint32_t seed);
/* Has the timer come once, so many cycles from now. */
void board_preempt_in(uint32_t cycles);
void board_preempted(void);

/* The same for another timer, whose handler only calls board_unmasked(): FreeRTOS never masks it. */
void board_draw_unmasked(uint32_t seed);
void board_unmasked(void);

/* Calls board_interrupted() in an interrupt handler, before it returns. */
void board_interrupt(void);
void board_interrupted(void);

void board_wait_for_interrupt(void);

/* Whether interrupts can come. */
int board_interrupts_are_enabled(void);

#endif
