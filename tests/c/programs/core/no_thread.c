/* Where no thread is current, get reads NULL and the others say so. */
#include "harness.h"

static tsd_key_t key;
static tsd_once_t control = TSD_ONCE_INIT;

static void routine(void) {}

static void in_interrupt(void) {
    tsd_exit_report_t report;
    CHECK(tsd_get(key) == NULL);
    CHECK(tsd_set(key, value_of(2)) == TSD_ESRCH);
    CHECK(tsd_at_thread_exit(count_call, NULL) == TSD_ESRCH);
    CHECK(tsd_thread_attach() == TSD_ESRCH);
    tsd_thread_exit(&report);
    CHECK(report.flags == TSD_EXIT_NO_THREAD && report.calls == 0);
    tsd_thread_exit(NULL);
    CHECK(tsd_once(&control, routine) == 0);
    CHECK(tsd_GetLastError() == 0);
    tsd_SetLastError(5);
    CHECK(tsd_GetLastError() == 0);
    CHECK(tsd_FlsSetValue(key, NULL) == 0);
}

void test(void) {
    CHECK(tsd_key_create(&key, NULL) == 0);
    CHECK(tsd_set(key, value_of(1)) == 0);
    without_thread(in_interrupt);
    CHECK(tsd_get(key) == value_of(1));
    CHECK(tsd_GetLastError() == 0);
    CHECK(tsd_key_delete(key) == 0);
}
