/*
 * FreeRTOS as all images have it: every kind of task, an assertion at each check, and in each task's control block
 * what "tsd_freertos.h" says. That header is the image's own, as are the board and what is counted at a switch.
 */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

#include <stdint.h>

#include "board.h"
#include "tsd_freertos.h"

#include "image_hooks.h"

#define configCPU_CLOCK_HZ BOARD_CLOCK_HZ
#define configTICK_RATE_HZ 1000
#define configTICK_TYPE_WIDTH_IN_BITS TICK_TYPE_WIDTH_32_BITS

#define configENABLE_MPU 0
#define configUSE_PREEMPTION 1
#define configUSE_TIME_SLICING 1
#define configUSE_PORT_OPTIMISED_TASK_SELECTION 0
#define configMAX_PRIORITIES 6
#define configMINIMAL_STACK_SIZE BOARD_STACK_WORDS
#define configMAX_TASK_NAME_LEN 8
#define configTOTAL_HEAP_SIZE (6 * 1024 * 1024)
#define configAPPLICATION_ALLOCATED_HEAP 1

#define configSUPPORT_STATIC_ALLOCATION 1
#define configSUPPORT_DYNAMIC_ALLOCATION 1
#define configKERNEL_PROVIDED_STATIC_MEMORY 0

#define configUSE_IDLE_HOOK 1
#define configUSE_TICK_HOOK 1
#define configCHECK_FOR_STACK_OVERFLOW BOARD_STACK_CHECK
#define configUSE_MALLOC_FAILED_HOOK 0
#define configUSE_MUTEXES 1
#define configUSE_TIMERS 0
#define configUSE_CO_ROUTINES 0

#define INCLUDE_vTaskDelete 1
#define INCLUDE_vTaskDelay 1
#define INCLUDE_vTaskSuspend 1
#define INCLUDE_vTaskPrioritySet 1
#define INCLUDE_xTaskAbortDelay 1
#define INCLUDE_xTaskGetCurrentTaskHandle 1
#define INCLUDE_xTaskGetIdleTaskHandle 1
#define INCLUDE_eTaskGetState 1
#define INCLUDE_xTaskGetSchedulerState 1

/* The tick and the switch have the lowest priority, and FreeRTOS masks what is below 0xa0. */
#define configKERNEL_INTERRUPT_PRIORITY 0xff
#define configMAX_SYSCALL_INTERRUPT_PRIORITY 0xa0

#define configASSERT(condition) ((condition) ? (void)0 : board_failed(__FILE__, __LINE__, #condition))

#endif
