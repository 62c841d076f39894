/*
 * Thread-local storage of tasks, as GCC for Arm wants it: a block that a task gets at its first use of any variable, and
 * that a key of the last phase frees, after the C++ destructors and those of ordinary keys. Not for interrupt handlers:
 * FreeRTOS's heap is not theirs.
 */
#include <string.h>

#include "harness.h"

/* The thread pointer is so far before the variables, which want no more alignment than FreeRTOS's heap gives. */
enum { BEFORE_VARIABLES = 8 };

/* linker/mps2-an385.ld */
extern const unsigned char tls_start[], tls_data_end[], tls_end[];

static tsd_key_t key;

void thread_local_begin(void) {
    tsd_key_options_t options = {.destructor = vPortFree, .name = "thread_local", .flags = TSD_KEY_LAST_PHASE};
    CHECK(tsd_key_create_with(&key, &options) == 0);
}

void thread_local_end(void) { CHECK(tsd_key_delete(key) == 0); }

/* While a deleted task's exit is finished, the deleted task's. */
__attribute__((used)) static void *thread_pointer(void) {
    unsigned char *block = tsd_get(key);
    if (block == NULL) {
        size_t data = (uintptr_t)tls_data_end - (uintptr_t)tls_start, all = (uintptr_t)tls_end - (uintptr_t)tls_start;
        /* A task that is deleted between the two takes no memory with it. */
        vTaskSuspendAll();
        block = pvPortMalloc(all);
        CHECK(block != NULL && tsd_set(key, block) == 0);
        xTaskResumeAll();
        memcpy(block, tls_start, data);
        memset(block + data, 0, all - data);
    }
    return block - BEFORE_VARIABLES;
}

/* The caller counts on all registers but r0, ip and lr, and need not have aligned its stack if it calls nothing else. */
__attribute__((naked)) void __aeabi_read_tp(void) {
    __asm__("push {r1-r4, lr}\n\t"
            "mov r4, sp\n\t"
            "bic r0, r4, #7\n\t"
            "mov sp, r0\n\t"
            "bl thread_pointer\n\t"
            "mov sp, r4\n\t"
            "pop {r1-r4, pc}");
}
