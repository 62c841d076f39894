/* The library's hooks over LK's scheduler: docs/porting/lk.md. */
#include <kernel/thread.h>

/* LK sets no current thread before thread_init_early(). */
tsd_thread_t *tsd_current(void) {
    thread_t *thread = get_current_thread();
    return thread ? &thread->tsd : NULL;
}

/* One queue is enough: every sleeper looks at its own word when it wakes. */
static wait_queue_t sleepers = WAIT_QUEUE_INITIAL_VALUE(sleepers);

void tsd_wait(const uint32_t *word, uint32_t expected) {
    THREAD_LOCK(state);
    if (__atomic_load_n(word, __ATOMIC_RELAXED) == expected) {
        (void)wait_queue_block(&sleepers, INFINITE_TIME);
    }
    THREAD_UNLOCK(state);
}

void tsd_wake(const uint32_t *word) {
    (void)word;
    THREAD_LOCK(state);
    (void)wait_queue_wake_all(&sleepers, NO_ERROR);
    THREAD_UNLOCK(state);
}
