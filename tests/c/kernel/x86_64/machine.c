/* The serial port, QEMU's exit device, and a new thread's stack. */
#include "../kernel.h"

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

void set_thread_pointer(struct thread **block) {
    const uint64_t address = (uintptr_t)block;
    __asm__ volatile("wrmsr" : : "c"(0xC0000101u /* IA32_GS_BASE */), "a"((uint32_t)address), "d"(address >> 32));
}

void power_off(unsigned status) {
    /* The device exits with twice the value and 1; the host takes 33 for success. */
    __asm__ volatile("outl %0, %1" : : "a"(status == 0 ? 16 : status), "Nd"((uint16_t)0xF4));
    for (;;) {
        __asm__ volatile("hlt");
    }
}

void *first_stack(unsigned char *top, void (*entry)(void)) {
    /* What switch_stack pops: six registers, then the address that it returns to; the stack as after a call. */
    uint64_t *stack = (uint64_t *)(void *)top;
    *--stack = 0;
    *--stack = (uint64_t)entry;
    for (int i = 0; i < 6; i++) {
        *--stack = 0;
    }
    return stack;
}
