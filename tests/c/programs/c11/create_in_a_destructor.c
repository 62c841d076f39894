/* tss_create works in a destructor. */
#include "harness.h"

static tsd_tss_t first, second;

static void destructor(void *value) {
    CHECK(tsd_tss_create(&second, count_call) == TSD_THRD_SUCCESS);
    CHECK(tsd_tss_set(second, value) == TSD_THRD_SUCCESS);
}

static void body(void *argument) { CHECK(tsd_tss_set(first, argument) == TSD_THRD_SUCCESS); }

void test(void) {
    CHECK(tsd_tss_create(&first, destructor) == TSD_THRD_SUCCESS);
    CHECK(HAS_CALLED(run_thread(body, value_of(1)), 2));
    CHECK(calls == 1);
    tsd_tss_delete(first);
    tsd_tss_delete(second);
}
