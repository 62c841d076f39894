/* A thread that is killed in a callback of FlsFree: its exit finishes it. Each value gets one, the index is free. */
#include "harness.h"

enum { THREADS = 7 };
static uint32_t index_, keys;
static int ready, last_call;
static event_t leave;

static void body(void *argument) {
    CHECK(tsd_FlsSetValue(index_, argument));
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    event_wait(&leave);
    CHECK(tsd_FlsGetValue(index_) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
}

static void callback(void *value) {
    count_call(value);
    /* No lock is held, and what is called from here may be killed as well. */
    if (calls == last_call) {
        thread_exit();
    }
}

static void killed(void *argument) {
    (void)argument;
    tsd_FlsFree(index_);
    CHECK(last_call > THREADS);
}

void test(void) {
    for (last_call = 1; last_call <= THREADS + 1; last_call++) {
        thread_t *threads[THREADS];
        uintptr_t i, sum = 0;
        ready = leave.happened = 0;
        reset_calls();
        keys = tsd_keys_in_use();
        index_ = tsd_FlsAlloc(callback);
        for (i = 0; i < THREADS; i++) {
            threads[i] = thread_start(body, value_of(i + 1));
            sum += (uintptr_t)value_of(i + 1);
        }
        while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < THREADS) {
            thread_yield();
        }
        run_thread(killed, NULL);
        CHECK(calls == THREADS && calls_sum == sum);
        CHECK(tsd_keys_in_use() == keys && !tsd_FlsFree(index_));
        event_signal(&leave);
        for (i = 0; i < THREADS; i++) {
            CHECK(thread_join(threads[i]).calls == 0);
        }
        CHECK(calls == THREADS);
    }
}
