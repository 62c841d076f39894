/* Threads that arrive at once: one runs the routine, and nobody returns before it is complete. */
#include "harness.h"

enum { THREADS = 8, CONTROLS = 50 };
static tsd_once_t controls[CONTROLS];
static int complete[CONTROLS];
static int running;
static event_t go;

static void routine(void) {
    int i;
    for (i = 0; i < 20; i++) {
        thread_yield();
    }
    complete[running]++;
    calls++;
}

static void body(void *argument) {
    (void)argument;
    event_wait(&go);
    /* All threads take the controls in the same order, so `running` is the one whose routine can run. */
    for (int i = 0; i < CONTROLS; i++) {
        __atomic_store_n(&running, i, __ATOMIC_SEQ_CST);
        CHECK(tsd_once(&controls[i], routine) == 0);
        CHECK(complete[i] == 1);
    }
}

void test(void) {
    thread_t *threads[THREADS];
    int i;
    for (i = 0; i < THREADS; i++) {
        threads[i] = thread_start(body, NULL);
    }
    event_signal(&go);
    for (i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    CHECK(calls == CONTROLS);
}
