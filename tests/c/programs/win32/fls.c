/* FlsAlloc, FlsSetValue, FlsGetValue, FlsFree: success, each error, and the last error. */
#include "harness.h"

void test(void) {
    static uint32_t indexes[TSD_KEYS];
    uint32_t tls;
    int i;
    tsd_SetLastError(7);
    tls = tsd_TlsAlloc();
    for (i = 1; i < TSD_KEYS; i++) {
        indexes[i] = tsd_FlsAlloc(count_call);
        CHECK(indexes[i] != TSD_FLS_OUT_OF_INDEXES && indexes[i] != 0 && tsd_GetLastError() == 7);
    }
    CHECK(tsd_FlsAlloc(NULL) == TSD_FLS_OUT_OF_INDEXES && tsd_GetLastError() == TSD_ERROR_NOT_ENOUGH_MEMORY);

    tsd_SetLastError(7);
    CHECK(tsd_FlsSetValue(indexes[1], value_of(1)) && tsd_GetLastError() == 7);
    CHECK(tsd_FlsGetValue(indexes[1]) == value_of(1) && tsd_GetLastError() == TSD_ERROR_SUCCESS);
    CHECK(tsd_FlsGetValue(indexes[2]) == NULL && tsd_GetLastError() == TSD_ERROR_SUCCESS);
    CHECK(tsd_FlsSetValue(indexes[1], NULL) && tsd_FlsGetValue(indexes[1]) == NULL);

    tsd_SetLastError(7);
    CHECK(tsd_FlsFree(indexes[1]) && tsd_GetLastError() == 7);
    CHECK(!tsd_FlsFree(indexes[1]) && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    tsd_SetLastError(7);
    CHECK(tsd_FlsGetValue(indexes[1]) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    tsd_SetLastError(7);
    CHECK(!tsd_FlsSetValue(indexes[1], value_of(1)) && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    CHECK(!tsd_FlsFree(0) && !tsd_FlsFree(TSD_FLS_OUT_OF_INDEXES) && !tsd_FlsSetValue(0, NULL));
    CHECK(tsd_FlsGetValue(0) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);

    /* An index of Tls is none of Fls. */
    CHECK(!tsd_FlsFree(tls) && !tsd_FlsSetValue(tls, NULL) && tsd_FlsGetValue(tls) == NULL);
    CHECK(tsd_TlsFree(tls));
    for (i = 2; i < TSD_KEYS; i++) {
        CHECK(tsd_FlsFree(indexes[i]));
    }
    CHECK(calls == 0);
}
