/* Threads that store values at the same time, over and over, wait for one another and lose none. */
#include "harness.h"

enum { THREADS = 4, TIMES = 20000 };
static uint32_t indexes[THREADS];
static event_t go;

static void body(void *argument) {
    uintptr_t own = (uintptr_t)argument;
    int time;
    event_wait(&go);
    for (time = 1; time <= TIMES; time++) {
        CHECK(tsd_FlsSetValue(indexes[own], value_of((uintptr_t)time)));
        CHECK(tsd_FlsGetValue(indexes[own]) == value_of((uintptr_t)time));
    }
}

void test(void) {
    thread_t *threads[THREADS];
    uintptr_t i;
    for (i = 0; i < THREADS; i++) {
        indexes[i] = tsd_FlsAlloc(count_call);
        threads[i] = thread_start(body, (void *)i);
    }
    event_signal(&go);
    for (i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
        CHECK(tsd_FlsFree(indexes[i]));
    }
    CHECK(calls == THREADS && calls_sum == THREADS * (uintptr_t)value_of(TIMES));
}
