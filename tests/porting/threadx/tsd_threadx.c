/* The library's hooks over ThreadX's services, and its calls where threads begin and end. docs/porting/threadx.md */
#include "tsd_threadx.h"

/* A thread that was terminated, while its terminator runs its destructors. Nobody else runs then: see `notify`. */
static TX_THREAD *dead;

tsd_thread_t *tsd_current(void) {
    TX_THREAD *thread = dead ? dead : tx_thread_identify();
    return thread ? &thread->tsd : NULL;
}

/* Sleeping instead of yielding: the thread that is waited for may have a lower priority. An early return is allowed. */
void tsd_wait(const uint32_t *word, uint32_t expected) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == expected) {
        (void)tx_thread_sleep(1);
    }
}

void tsd_wake(const uint32_t *word) { (void)word; }

/* ThreadX calls it with preemption disabled at the end: destructors that suspend get an error from its services. */
static VOID notify(TX_THREAD *thread, UINT what) {
    if (what == TX_THREAD_ENTRY) {
        (void)tsd_thread_attach();
    } else if (thread->tx_thread_state == TX_COMPLETED) {
        tsd_thread_exit(NULL);
    } else {
        /* tx_thread_terminate(), on its caller. */
        dead = thread;
        tsd_thread_reap(NULL);
        dead = NULL;
    }
}

UINT tsd_threadx_watch(TX_THREAD *thread) { return tx_thread_entry_exit_notify(thread, notify); }
