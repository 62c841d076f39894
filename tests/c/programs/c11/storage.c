/* tss_create, tss_set, tss_get, tss_delete: success and each error. */
#include "harness.h"

static tsd_tss_t key;

static void body(void *argument) {
    CHECK(tsd_tss_get(key) == NULL);
    CHECK(tsd_tss_set(key, argument) == TSD_THRD_SUCCESS);
    CHECK(tsd_tss_get(key) == argument);
    thread_exit();
}

void test(void) {
    static tsd_tss_t keys[TSD_KEYS];
    tsd_tss_t more;
    int i;
    CHECK(TSD_TSS_DTOR_ITERATIONS == TSD_ROUNDS);
    CHECK(tsd_tss_create(&key, count_call) == TSD_THRD_SUCCESS);
    CHECK(HAS_CALLED(run_thread(body, value_of(1)), 1));
    CHECK(calls == 1 && calls_sum == (uintptr_t)value_of(1));
    for (i = 1; i < TSD_KEYS; i++) {
        CHECK(tsd_tss_create(&keys[i], NULL) == TSD_THRD_SUCCESS);
    }
    CHECK(tsd_tss_create(&more, NULL) == TSD_THRD_ERROR);
    CHECK(tsd_tss_create(NULL, NULL) == TSD_THRD_ERROR);
    for (i = 1; i < TSD_KEYS; i++) {
        tsd_tss_delete(keys[i]);
    }
    tsd_tss_delete(key);
    tsd_tss_delete(key);
    tsd_tss_delete(0);
    CHECK(tsd_tss_get(key) == NULL);
    CHECK(tsd_tss_set(key, value_of(2)) == TSD_THRD_ERROR);
    CHECK(tsd_tss_set(0, NULL) == TSD_THRD_ERROR);
}
