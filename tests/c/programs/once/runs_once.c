/* Threads that arrive at once: one runs the routine, and nobody returns before it is complete. */
#include "harness.h"

enum { THREADS = 8, CONTROLS = 50 };
static tsd_once_t controls[CONTROLS];
static int complete[CONTROLS];
/* The control that the thread is at: the routine runs on a thread that is at its own. */
static _Thread_local int at;
static event_t go;

static void routine(void) {
    int i;
    for (i = 0; i < 20; i++) {
        thread_yield();
    }
    complete[at]++;
    calls++;
}

static void body(void *argument) {
    (void)argument;
    event_wait(&go);
    for (int i = 0; i < CONTROLS; i++) {
        at = i;
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
