/* What the Rust side can't say: where a task's TLS block is, and the idle task's memory. */
#include <stddef.h>

#include "FreeRTOS.h"
#include "task.h"

/* FreeRTOS shows the layout of its control block for tasks whose memory is the application's. */
struct suite_block *suite_block_of(TaskHandle_t task) { return &((StaticTask_t *)task)->xDummy17; }

void vApplicationStackOverflowHook(TaskHandle_t task, char *name) {
    (void)task;
    board_failed(name, 0, "its stack is large enough");
}

/* Nothing starts that timer here. */
void board_unmasked(void) {}

/* Room for a case's code. */
void vApplicationGetIdleTaskMemory(StaticTask_t **block, StackType_t **stack, configSTACK_DEPTH_TYPE *words) {
    static StaticTask_t idle_block;
    static StackType_t idle_stack[8192];
    *block = &idle_block;
    *stack = idle_stack;
    *words = sizeof idle_stack / sizeof idle_stack[0];
}
