/* What the cases count at a switch: FreeRTOS has laid the registers of the task that loses the CPU onto its stack. */
#ifndef IMAGE_HOOKS_H
#define IMAGE_HOOKS_H

#include <stdint.h>

/* What was reported of the task that was buried last. */
extern tsd_exit_report_t last_report;
#define tsd_thread_reap(...) tsd_thread_reap(&last_report)

void count_switch(const volatile uint32_t *registers);

/* What somebody has forgotten in an image that is built to show what becomes of it. */
#ifdef FORGOTTEN_INIT
#undef configINIT_TLS_BLOCK
#define configINIT_TLS_BLOCK(block, top) ((void)0)
#endif
#ifdef FORGOTTEN_SET
#undef configSET_TLS_BLOCK
#define configSET_TLS_BLOCK(block) ((void)0)
#endif
#ifdef FORGOTTEN_DEINIT
#undef configDEINIT_TLS_BLOCK
#define configDEINIT_TLS_BLOCK(block) ((void)0)
#endif
#ifdef FORGOTTEN_SEEN
#undef configDEINIT_TLS_BLOCK
#define configDEINIT_TLS_BLOCK(block) tsd_thread_reap()
#endif

#define traceTASK_SWITCHED_OUT() count_switch((const volatile uint32_t *)pxCurrentTCB->pxTopOfStack)

#endif
