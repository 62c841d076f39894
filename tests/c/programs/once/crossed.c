/* The routine of one control may wait for a thread that runs another control. */
#include "harness.h"

static tsd_once_t first = TSD_ONCE_INIT, second = TSD_ONCE_INIT;

static void quick(void) { calls++; }

static void body(void *argument) {
    (void)argument;
    CHECK(tsd_once(&second, quick) == 0);
}

static void slow(void) {
    run_thread(body, NULL);
    calls++;
}

void test(void) {
    CHECK(tsd_once(&first, slow) == 0);
    CHECK(calls == 2);
}
