/* Of a PC, with 32 bits and with 64: the serial port and QEMU's exit device. A part of its machine.c. */
#include "kernel.h"

static void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

static uint8_t in8(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

enum { DATA = 0x3F8, LINE_STATUS = 0x3FD, MAY_TRANSMIT = 0x20 };

void console_put(char character) {
    while (!(in8(LINE_STATUS) & MAY_TRANSMIT)) {
    }
    out8(DATA, (uint8_t)character);
}

void power_off(unsigned status) {
    /* The device exits with twice the value and 1; the host takes 33 for success. */
    __asm__ volatile("outl %0, %1" : : "a"(status == 0 ? 16 : status), "Nd"((uint16_t)0xF4));
    for (;;) {
        __asm__ volatile("hlt");
    }
}
