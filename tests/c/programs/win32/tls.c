/* TlsAlloc, TlsSetValue, TlsGetValue, TlsFree: success, each error, and the last error. */
#include "harness.h"

static uint32_t indexes[TSD_KEYS];

static void body(void *argument) {
    CHECK(tsd_GetLastError() == TSD_ERROR_SUCCESS);
    CHECK(tsd_TlsGetValue(indexes[0]) == NULL && tsd_GetLastError() == TSD_ERROR_SUCCESS);
    CHECK(tsd_TlsSetValue(indexes[0], argument));
    CHECK(tsd_TlsGetValue(indexes[0]) == argument);
}

void test(void) {
    int i;
    for (i = 0; i < TSD_KEYS; i++) {
        tsd_SetLastError(7);
        indexes[i] = tsd_TlsAlloc();
        CHECK(indexes[i] != TSD_TLS_OUT_OF_INDEXES && tsd_GetLastError() == 7);
        CHECK(tsd_TlsGetValue(indexes[i]) == NULL && tsd_GetLastError() == TSD_ERROR_SUCCESS);
    }
    CHECK(tsd_TlsAlloc() == TSD_TLS_OUT_OF_INDEXES && tsd_GetLastError() == TSD_ERROR_NO_MORE_ITEMS);
    CHECK(run_thread(body, value_of(1)).calls == 0);
    CHECK(tsd_TlsGetValue(indexes[0]) == NULL);

    tsd_SetLastError(7);
    CHECK(tsd_TlsSetValue(indexes[1], value_of(2)) && tsd_GetLastError() == 7);
    CHECK(tsd_TlsGetValue(indexes[1]) == value_of(2) && tsd_GetLastError() == TSD_ERROR_SUCCESS);
    tsd_SetLastError(7);
    CHECK(tsd_TlsFree(indexes[1]) && tsd_GetLastError() == 7);
    CHECK(!tsd_TlsFree(indexes[1]) && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    tsd_SetLastError(7);
    CHECK(tsd_TlsGetValue(indexes[1]) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    tsd_SetLastError(7);
    CHECK(!tsd_TlsSetValue(indexes[1], NULL) && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    CHECK(tsd_TlsGetValue(TSD_TLS_OUT_OF_INDEXES) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    CHECK(!tsd_TlsFree(TSD_TLS_OUT_OF_INDEXES) && !tsd_TlsFree(0));

    /* The index is used again, and reads NULL although a value was left. */
    indexes[1] = tsd_TlsAlloc();
    CHECK(indexes[1] != TSD_TLS_OUT_OF_INDEXES);
    CHECK(tsd_TlsGetValue(indexes[1]) == NULL && tsd_GetLastError() == TSD_ERROR_SUCCESS);
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_TlsFree(indexes[i]));
    }
}
