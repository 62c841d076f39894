/* Numbers that are no keys are rejected by every call and touch nothing. */
#include "harness.h"

static void reject(tsd_key_t wild, tsd_key_t live) {
    if (wild == live) {
        return;
    }
    CHECK(tsd_get(wild) == NULL);
    CHECK(tsd_set(wild, &wild) == TSD_EINVAL);
    CHECK(tsd_set(wild, NULL) == TSD_EINVAL);
    CHECK(tsd_key_delete(wild) == TSD_EINVAL);
    CHECK(tsd_get(live) == value_of(1));
}

void test(void) {
    tsd_key_t key;
    uint32_t number = 1, bit;
    CHECK(tsd_key_create(&key, NULL) == 0);
    CHECK(tsd_set(key, value_of(1)) == 0);
    for (bit = 0; bit < 32; bit++) {
        reject(UINT32_C(1) << bit, key);
        reject(key ^ UINT32_C(1) << bit, key);
    }
    for (bit = 0; bit < 3000; bit++) {
        reject(bit, key);
        number = number * 1664525 + 1013904223;
        reject(number, key);
    }
    reject(UINT32_MAX, key);
    reject(TSD_KEYS, key);
    CHECK(tsd_keys_in_use() == 1);
    CHECK(tsd_key_delete(key) == 0);
}
