/* A kernel that means to spin: a thread that waits for a routine looks at it until it is done. */
#include "harness.h"

TSD_SPIN_WHILE_WAITING;

enum { WAITERS = 3 };
static tsd_once_t control;
static event_t begun;
static int arrived, complete;

static void routine(void) {
    int i;
    event_signal(&begun);
    while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < WAITERS) {
        thread_yield();
    }
    for (i = 0; i < 100; i++) {
        thread_yield();
    }
    complete++;
}

static void initialise(void *argument) {
    (void)argument;
    CHECK(tsd_once(&control, routine) == 0);
}

static void await(void *argument) {
    (void)argument;
    event_wait(&begun);
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    CHECK(tsd_once(&control, routine) == 0);
    CHECK(complete == 1);
}

void test(void) {
    thread_t *threads[1 + WAITERS];
    int i;
    for (i = 0; i <= WAITERS; i++) {
        threads[i] = thread_start(i == 0 ? initialise : await, NULL);
    }
    for (i = 0; i <= WAITERS; i++) {
        thread_join(threads[i]);
    }
    CHECK(complete == 1);
}
