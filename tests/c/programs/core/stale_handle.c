/* A handle kept across delete and create at the same index is rejected. */
#include "harness.h"

void test(void) {
    static tsd_key_t fill[TSD_KEYS];
    tsd_key_t old, fresh;
    int i;
    CHECK(tsd_key_create(&old, count_call) == 0);
    /* With the table full, the only free index is that of the deleted key. */
    for (i = 1; i < TSD_KEYS; i++) {
        CHECK(tsd_key_create(&fill[i], NULL) == 0);
    }
    CHECK(tsd_set(old, value_of(1)) == 0);
    CHECK(tsd_key_delete(old) == 0);
    CHECK(tsd_key_create(&fresh, NULL) == 0);
    CHECK(fresh != old);
    CHECK(tsd_get(fresh) == NULL);
    CHECK(tsd_get(old) == NULL);
    CHECK(tsd_set(old, value_of(2)) == TSD_EINVAL);
    CHECK(tsd_set(old, NULL) == TSD_EINVAL);
    CHECK(tsd_key_delete(old) == TSD_EINVAL);
    CHECK(tsd_set(fresh, value_of(3)) == 0);
    CHECK(tsd_get(old) == NULL && tsd_get(fresh) == value_of(3));
    CHECK(tsd_key_delete(fresh) == 0);
    for (i = 1; i < TSD_KEYS; i++) {
        CHECK(tsd_key_delete(fill[i]) == 0);
    }
    CHECK(calls == 0);
}
