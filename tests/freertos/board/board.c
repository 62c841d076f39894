/* The board's console, its end by semihosting, and the interrupts that are not FreeRTOS's own. */
#include "FreeRTOS.h"
#include "task.h"

#include "board.h"

/* ---- console: CMSDK's UART ---- */

static volatile uint32_t *const uart = (volatile uint32_t *)0x40004000;
enum { UART_DATA, UART_STATE, UART_CTRL, UART_INTERRUPTS, UART_BAUD };

void board_print(const char *text) {
    for (; *text; text++) {
        while (uart[UART_STATE] & 1) {
        }
        uart[UART_DATA] = (uint32_t)(unsigned char)*text;
    }
}

void board_print_number(uint32_t number) {
    char digits[11];
    char *digit = digits + sizeof digits - 1;
    *digit = '\0';
    do {
        *--digit = (char)('0' + number % 10);
    } while (number /= 10);
    board_print(digit);
}

/* ---- semihosting ---- */

enum { SYS_GET_CMDLINE = 0x15, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

static uint32_t semihost(uint32_t operation, void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

const char *board_command_line(void) {
    static char line[1024];
    struct {
        char *text;
        uint32_t size;
    } block = {line, sizeof line};
    if (semihost(SYS_GET_CMDLINE, &block) != 0) {
        return "";
    }
    const char *word = line;
    while (*word && *word != ' ') {
        word++;
    }
    return *word ? word + 1 : word;
}

void board_end(uint32_t status) {
    uint32_t block[2] = {APPLICATION_EXIT, status};
    board_print("tsd: end: status ");
    board_print_number(status);
    board_print("\n");
    for (;;) {
        semihost(SYS_EXIT_EXTENDED, block);
    }
}

void board_failed(const char *file, int line, const char *condition) {
    portDISABLE_INTERRUPTS();
    board_print(file);
    board_print(":");
    board_print_number((uint32_t)line);
    board_print(": ");
    board_print(condition);
    board_print(" does not hold\n");
    board_end(1);
}

/* ---- interrupts ---- */

/* A timer of CMSDK's. While `drawn` is not 0, it comes again and again. */
struct timer {
    volatile uint32_t *registers;
    uint32_t drawn;
};
enum { TIMER_CTRL, TIMER_VALUE, TIMER_RELOAD, TIMER_INTERRUPT };
enum { TIMER_ENABLE = 1, TIMER_INTERRUPTS = 8 };

static struct timer preempting = {(volatile uint32_t *)0x40000000, 0};
static struct timer unmasked = {(volatile uint32_t *)0x40001000, 0};

static volatile uint32_t *const interrupt_enable = (volatile uint32_t *)0xe000e100;
static volatile uint32_t *const interrupt_pend = (volatile uint32_t *)0xe000e200;
static volatile uint8_t *const interrupt_priority = (volatile uint8_t *)0xe000e400;
enum { PREEMPTING_NUMBER = 8, UNMASKED_NUMBER = 9, SOFTWARE_NUMBER = 31 };

void board_start(void) {
    uart[UART_BAUD] = 16;
    uart[UART_CTRL] = 1;
    /* Two never come in a critical section; the software's comes at its end, before a switch does. */
    interrupt_priority[PREEMPTING_NUMBER] = configKERNEL_INTERRUPT_PRIORITY;
    interrupt_priority[SOFTWARE_NUMBER] = configMAX_SYSCALL_INTERRUPT_PRIORITY + 0x20;
    interrupt_priority[UNMASKED_NUMBER] = configMAX_SYSCALL_INTERRUPT_PRIORITY - 0x20;
    interrupt_enable[0] = 1u << PREEMPTING_NUMBER | 1u << UNMASKED_NUMBER | 1u << SOFTWARE_NUMBER;
}

static void come_in(struct timer *timer, uint32_t cycles) {
    timer->registers[TIMER_CTRL] = 0;
    timer->registers[TIMER_RELOAD] = cycles;
    timer->registers[TIMER_VALUE] = cycles;
    timer->registers[TIMER_CTRL] = TIMER_ENABLE | TIMER_INTERRUPTS;
}

/* Has it come again from 40 microseconds to 1.35 milliseconds from now, or not. */
static void come_again(struct timer *timer) {
    timer->registers[TIMER_CTRL] = 0;
    timer->registers[TIMER_INTERRUPT] = 1;
    if (timer->drawn != 0) {
        timer->drawn ^= timer->drawn << 13;
        timer->drawn ^= timer->drawn >> 17;
        timer->drawn ^= timer->drawn << 5;
        come_in(timer, 1000 + timer->drawn % 32768);
    }
}

static void draw(struct timer *timer, uint32_t seed) {
    timer->drawn = seed;
    come_again(timer);
}

void board_draw_preemptions(uint32_t seed) { draw(&preempting, seed); }

void board_draw_unmasked(uint32_t seed) { draw(&unmasked, seed); }

void board_preempt_in(uint32_t cycles) { come_in(&preempting, cycles); }

void preempting_handler(void) {
    come_again(&preempting);
    board_preempted();
    portYIELD_FROM_ISR(pdTRUE);
}

void unmasked_handler(void) {
    come_again(&unmasked);
    board_unmasked();
}

void board_interrupt(void) {
    interrupt_pend[0] = 1u << SOFTWARE_NUMBER;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

void software_handler(void) { board_interrupted(); }

void board_wait_for_interrupt(void) { __asm__ volatile("wfi"); }

int board_interrupts_are_enabled(void) {
    uint32_t primask, basepri = 0;
    __asm__ volatile("mrs %0, primask" : "=r"(primask));
#if __ARM_ARCH > 6
    __asm__ volatile("mrs %0, basepri" : "=r"(basepri));
#endif
    return primask == 0 && basepri == 0;
}
