/* tsd on FreeRTOS: the library's hooks, and those of the configuration. */
#include "FreeRTOS.h"
#include "task.h"

#include "tsd_freertos.h"

/* Both C libraries define the same macros, and whoever is first has them; the other's tasks would share their state. */
#if (defined(configUSE_NEWLIB_REENTRANT) && configUSE_NEWLIB_REENTRANT == 1) ||                                        \
    (defined(configUSE_PICOLIBC_TLS) && configUSE_PICOLIBC_TLS == 1)
#ifndef TSD_FREERTOS_WITH_C_LIBRARY
#error "define the TLS macros for both, and TSD_FREERTOS_WITH_C_LIBRARY: docs/porting/freertos.md, Thread control block"
#endif
#endif

struct tsd_freertos *volatile tsd_freertos_own;
struct tsd_freertos *volatile tsd_freertos_seen;

/* NULL before the scheduler has started. In an interrupt handler, the interrupted task's. */
tsd_thread_t *tsd_current(void) {
    struct tsd_freertos *block = tsd_freertos_seen;
    return block == NULL ? NULL : &block->thread;
}

/* A task that waits for another's once routine looks again at each tick, so that one of a lower priority gets on. */
void tsd_wait(const uint32_t *word, uint32_t expected) {
    if (__atomic_load_n(word, __ATOMIC_RELAXED) == expected) {
        vTaskDelay(1);
    }
}

void tsd_wake(const uint32_t *word) { (void)word; }

/* A task is created: its control block's memory may hold anything. */
void tsd_freertos_init(struct tsd_freertos *block) {
    tsd_thread_init(&block->thread);
    block->seen = block;
}

/*
 * A task's control block is about to go: on the task that has deleted it, or on the idle task if it has deleted itself.
 * Before the scheduler runs there is none whose calls could look elsewhere.
 */
void tsd_freertos_bury(struct tsd_freertos *dead) {
    struct tsd_freertos *own = tsd_freertos_own;
    if (own == NULL) {
        return;
    }
    struct tsd_freertos *before = own->seen;
    /* A switch in between sets the second of them from the first. */
    own->seen = dead;
    tsd_freertos_seen = dead;
    tsd_thread_reap(NULL);
    own->seen = before;
    tsd_freertos_seen = before;
}

/* Instead of vTaskDelete(NULL): the task's destructors run on the task itself, and may block. */
void tsd_freertos_task_exit(void) {
    tsd_thread_exit(NULL);
    vTaskDelete(NULL);
}
