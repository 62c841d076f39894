/* The last error is each thread's own. */
#include "harness.h"

static event_t set;

static void body(void *argument) {
    (void)argument;
    CHECK(tsd_GetLastError() == 0);
    tsd_SetLastError(3);
    event_signal(&set);
    CHECK(tsd_GetLastError() == 3);
}

void test(void) {
    thread_t *thread;
    tsd_SetLastError(5);
    thread = thread_start(body, NULL);
    event_wait(&set);
    CHECK(tsd_GetLastError() == 5);
    thread_join(thread);
    CHECK(tsd_GetLastError() == 5);
}
