/* FlsFree runs the callback for every thread's value that is still set; thread exit runs it once for each. */
#include "harness.h"

enum { THREADS = 12 };
static uint32_t index_, other;
static int ready;
static event_t leave;

static void body(void *argument) {
    CHECK(tsd_FlsSetValue(index_, argument));
    CHECK(tsd_FlsSetValue(other, argument));
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    event_wait(&leave);
    CHECK(tsd_FlsGetValue(index_) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    CHECK(tsd_FlsGetValue(other) == argument);
}

static void ends_before(void *argument) { CHECK(tsd_FlsSetValue(index_, argument)); }

static void callback(void *value) {
    /* No lock is held: the family works from here. */
    uint32_t more = tsd_FlsAlloc(NULL);
    CHECK(more != TSD_FLS_OUT_OF_INDEXES && tsd_FlsSetValue(more, value) && tsd_FlsFree(more));
    count_call(value);
}

void test(void) {
    thread_t *threads[THREADS];
    uintptr_t i, sum = 0;
    index_ = tsd_FlsAlloc(callback);
    other = tsd_FlsAlloc(count_call);
    CHECK(run_thread(ends_before, value_of(99)).calls == 1);
    CHECK(calls == 1 && calls_sum == (uintptr_t)value_of(99));
    reset_calls();
    for (i = 0; i < THREADS; i++) {
        threads[i] = thread_start(body, value_of(i + 1));
        sum += (uintptr_t)value_of(i + 1);
    }
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < THREADS) {
        thread_yield();
    }
    CHECK(tsd_FlsFree(index_));
    CHECK(calls == THREADS && calls_sum == sum);
    event_signal(&leave);
    for (i = 0; i < THREADS; i++) {
        CHECK(thread_join(threads[i]).calls == 1);
    }
    CHECK(calls == 2 * THREADS && calls_sum == 2 * sum);
    CHECK(tsd_FlsFree(other));
}
