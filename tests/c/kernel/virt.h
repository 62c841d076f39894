/* Of QEMU's board `virt` for Arm, with 32 bits and with 64: the UART. A part of its machine.c. */
#include "kernel.h"

static volatile uint32_t *const uart_data = (volatile uint32_t *)0x09000000;
static volatile uint32_t *const uart_flags = (volatile uint32_t *)0x09000018;
enum { TRANSMIT_FULL = 0x20 };

void console_put(char character) {
    while (*uart_flags & TRANSMIT_FULL) {
    }
    *uart_data = (uint8_t)character;
}
