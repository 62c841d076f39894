/* Garbage for a key, into every call of every family that takes one: refused, and nothing else is touched. */
#include "harness.h"

static tsd_key_t key;
static tsd_pthread_key_t posix_key;
static tsd_tss_t c11_key;
static uint32_t tls_index, fls_index;

static void create(void) {
    CHECK(tsd_key_create(&key, count_call) == 0 && tsd_set(key, value_of(1)) == 0);
    CHECK(tsd_pthread_key_create(&posix_key, count_call) == 0 && tsd_pthread_setspecific(posix_key, value_of(2)) == 0);
    CHECK(tsd_tss_create(&c11_key, count_call) == TSD_THRD_SUCCESS);
    CHECK(tsd_tss_set(c11_key, value_of(3)) == TSD_THRD_SUCCESS);
    tls_index = tsd_TlsAlloc();
    CHECK(tls_index != TSD_TLS_OUT_OF_INDEXES && tsd_TlsSetValue(tls_index, value_of(4)));
    fls_index = tsd_FlsAlloc(count_call);
    CHECK(fls_index != TSD_FLS_OUT_OF_INDEXES && tsd_FlsSetValue(fls_index, value_of(5)));
}

static void all_is_well(void) {
    CHECK(tsd_get(key) == value_of(1));
    CHECK(tsd_pthread_getspecific(posix_key) == value_of(2));
    CHECK(tsd_tss_get(c11_key) == value_of(3));
    CHECK(tsd_TlsGetValue(tls_index) == value_of(4));
    CHECK(tsd_FlsGetValue(fls_index) == value_of(5));
    CHECK(tsd_keys_in_use() == 5 && calls == 0);
}

static int refused_with(int succeeded) { return !succeeded && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER; }

static void refuse(uint32_t garbage) {
    if (garbage == key || garbage == posix_key || garbage == c11_key || garbage == tls_index || garbage == fls_index) {
        return;
    }
    CHECK(tsd_get(garbage) == NULL);
    CHECK(tsd_set(garbage, &key) == TSD_EINVAL && tsd_set(garbage, NULL) == TSD_EINVAL);
    CHECK(tsd_key_delete(garbage) == TSD_EINVAL);
    CHECK(tsd_thread_get(tsd_current(), garbage) == NULL);

    CHECK(tsd_pthread_getspecific(garbage) == NULL);
    CHECK(tsd_pthread_setspecific(garbage, &key) == TSD_EINVAL);
    CHECK(tsd_pthread_setspecific(garbage, NULL) == TSD_EINVAL);
    CHECK(tsd_pthread_key_delete(garbage) == TSD_EINVAL);

    CHECK(tsd_tss_get(garbage) == NULL);
    CHECK(tsd_tss_set(garbage, &key) == TSD_THRD_ERROR && tsd_tss_set(garbage, NULL) == TSD_THRD_ERROR);
    tsd_tss_delete(garbage);

    tsd_SetLastError(0);
    CHECK(tsd_TlsGetValue(garbage) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    CHECK(refused_with(tsd_TlsSetValue(garbage, &key)) && refused_with(tsd_TlsSetValue(garbage, NULL)));
    CHECK(refused_with(tsd_TlsFree(garbage)));

    tsd_SetLastError(0);
    CHECK(tsd_FlsGetValue(garbage) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    CHECK(refused_with(tsd_FlsSetValue(garbage, &key)) && refused_with(tsd_FlsSetValue(garbage, NULL)));
    CHECK(refused_with(tsd_FlsFree(garbage)));
}

void test(void) {
    uint32_t number = 1, bit, i;
    tsd_key_t stale;
    CHECK(tsd_key_create(&stale, count_call) == 0 && tsd_key_delete(stale) == 0);
    create();
    refuse(stale);
    for (bit = 0; bit < 32; bit++) {
        const uint32_t flipped = UINT32_C(1) << bit;
        refuse(flipped);
        refuse(~flipped);
        refuse(key ^ flipped);
        refuse(posix_key ^ flipped);
        refuse(c11_key ^ flipped);
        refuse(tls_index ^ flipped);
        refuse(fls_index ^ flipped);
    }
    all_is_well();
    for (i = 0; i < 20000; i++) {
        refuse(i);
        number = number * 1664525 + 1013904223;
        refuse(number);
    }
    refuse(UINT32_MAX);
    all_is_well();

    CHECK(tsd_key_delete(key) == 0 && tsd_pthread_key_delete(posix_key) == 0 && tsd_TlsFree(tls_index));
    tsd_tss_delete(c11_key);
    CHECK(tsd_FlsFree(fls_index) && calls == 1);
    CHECK(tsd_keys_in_use() == 0);
}
