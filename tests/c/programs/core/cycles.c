/* TSD_KEYS * 1000 cycles of create and delete work, and every handle is new. */
#include "harness.h"

void test(void) {
    tsd_key_t key, before = 0;
    long i;
    for (i = 0; i < TSD_KEYS * 1000L; i++) {
        CHECK(tsd_key_create(&key, NULL) == 0);
        CHECK(key != 0 && key != before);
        CHECK(tsd_get(key) == NULL);
        CHECK(tsd_set(key, value_of(1)) == 0);
        CHECK(tsd_key_delete(key) == 0);
        CHECK(tsd_get(key) == NULL);
        before = key;
    }
    CHECK(tsd_keys_retired() == 0);
}
