/* A thread that ends inside the routine leaves the control as if never called; a waiter runs it. */
#include "harness.h"

static tsd_once_t outer = TSD_ONCE_INIT, inner = TSD_ONCE_INIT;
static event_t inside;

static void dies(void) {
    event_signal(&inside);
    for (int i = 0; i < 100; i++) {
        thread_yield();
    }
    thread_exit();
}

static void nests(void) { CHECK(tsd_once(&inner, dies) == 0); }

static void body(void *argument) {
    (void)argument;
    tsd_once(&outer, nests);
    CHECK(!"came back");
}

static void routine(void) { calls++; }

void test(void) {
    thread_t *thread = thread_start(body, NULL);
    event_wait(&inside);
    CHECK(tsd_once(&outer, routine) == 0);
    CHECK(tsd_once(&inner, routine) == 0);
    CHECK(calls == 2);
    thread_join(thread);
}
