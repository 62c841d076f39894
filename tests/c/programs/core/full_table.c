/* TSD_KEYS creates succeed, the next is EAGAIN; delete any one and exactly one more succeeds. */
#include "harness.h"

void test(void) {
    static tsd_key_t keys[TSD_KEYS];
    tsd_key_t more = 77;
    int i, j;
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_create(&keys[i], NULL) == 0);
        CHECK(keys[i] != 0);
        for (j = 0; j < i; j++) {
            CHECK(keys[i] != keys[j]);
        }
    }
    CHECK(tsd_key_create(&more, NULL) == TSD_EAGAIN);
    CHECK(more == 77);
    for (i = 0; i < TSD_KEYS; i += TSD_KEYS / 5 + 1) {
        tsd_key_t old = keys[i];
        CHECK(tsd_key_delete(old) == 0);
        CHECK(tsd_key_create(&keys[i], NULL) == 0);
        CHECK(keys[i] != old);
        CHECK(tsd_key_create(&more, NULL) == TSD_EAGAIN);
        CHECK(tsd_key_delete(old) == TSD_EINVAL);
    }
    CHECK(tsd_keys_in_use() == TSD_KEYS && tsd_keys_high_water() == TSD_KEYS);
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_delete(keys[i]) == 0);
    }
}
