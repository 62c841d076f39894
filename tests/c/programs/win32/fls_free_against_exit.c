/* Threads that exit while another frees the index: each value gets exactly one call. */
#include "harness.h"

enum { THREADS = 6, TIMES = 100 };
static uint32_t index_;
static int ready, set;
static event_t go;

static void body(void *argument) {
    int stored = tsd_FlsSetValue(index_, argument);
    CHECK(stored);
    __atomic_fetch_add(&set, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    event_wait(&go);
}

void test(void) {
    int time, i;
    for (time = 0; time < TIMES; time++) {
        thread_t *threads[THREADS];
        index_ = tsd_FlsAlloc(count_call);
        ready = set = go.happened = 0;
        reset_calls();
        for (i = 0; i < THREADS; i++) {
            threads[i] = thread_start(body, value_of(1));
        }
        while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < THREADS) {
            thread_yield();
        }
        event_signal(&go);
        CHECK(tsd_FlsFree(index_));
        for (i = 0; i < THREADS; i++) {
            thread_join(threads[i]);
        }
        CHECK(calls == set && calls_sum == (uintptr_t)set * (uintptr_t)value_of(1));
    }
}
