/* A thread that will not return to its routine gives the control back before it ends; and those begun inside with it. */
#include "harness.h"

static tsd_once_t first = TSD_ONCE_INIT, outer = TSD_ONCE_INIT, inner = TSD_ONCE_INIT;
static event_t inside, may_cancel, ran;

static void routine(void) { calls++; }

static void runs_after_all(void) {
    routine();
    event_signal(&ran);
}

static void never(void) { CHECK(!"a routine of a control whose routine runs"); }

/* What a C library's cleanup handler does, on the stack below the routines. */
static void cancels(void) {
    event_signal(&inside);
    event_wait(&may_cancel);
    CHECK(tsd_once(&outer, never) == TSD_EDEADLK && tsd_once(&inner, never) == TSD_EDEADLK);
    CHECK(tsd_once_cancel(&outer) == 0);
    CHECK(tsd_once_cancel(&outer) == TSD_EINVAL && tsd_once_cancel(&inner) == TSD_EINVAL);
    /* The waiter goes on before the thread ends. */
    event_wait(&ran);
    /* The cleanup handlers of the thread may call it for the same controls. */
    CHECK(tsd_once(&outer, never) == 0 && tsd_once(&inner, routine) == 0);
    /* That one is still the thread's, which gives it back at its end. */
    CHECK(tsd_once(&first, never) == TSD_EDEADLK);
    thread_exit();
}

static void begins_inner(void) { CHECK(tsd_once(&inner, cancels) == 0); }

static void begins_outer(void) { CHECK(tsd_once(&outer, begins_inner) == 0); }

static void body(void *argument) {
    (void)argument;
    tsd_once(&first, begins_outer);
    CHECK(!"came back");
}

static void waits(void *argument) {
    (void)argument;
    CHECK(tsd_once_cancel(&outer) == TSD_EINVAL);
    event_signal(&may_cancel);
    CHECK(tsd_once(&outer, runs_after_all) == 0);
}

void test(void) {
    thread_t *thread, *waiter;
    CHECK(tsd_once_cancel(NULL) == TSD_EINVAL && tsd_once_cancel(&first) == TSD_EINVAL);
    thread = thread_start(body, NULL);
    event_wait(&inside);
    waiter = thread_start(waits, NULL);
    thread_join(thread);
    thread_join(waiter);
    CHECK(calls == 2);
    CHECK(tsd_once(&first, routine) == 0 && calls == 3);
    CHECK(tsd_once(&outer, never) == 0 && tsd_once(&inner, never) == 0);
    /* There is nothing to give back of what has completed. */
    CHECK(tsd_once_cancel(&outer) == TSD_EINVAL && tsd_once(&outer, never) == 0);
}
