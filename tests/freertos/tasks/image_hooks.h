/* What the cases count at a switch: FreeRTOS has laid the registers of the task that loses the CPU onto its stack. */
#ifndef IMAGE_HOOKS_H
#define IMAGE_HOOKS_H

#include <stdint.h>

void count_switch(const volatile uint32_t *registers);

#define traceTASK_SWITCHED_OUT() count_switch((const volatile uint32_t *)pxCurrentTCB->pxTopOfStack)

#endif
