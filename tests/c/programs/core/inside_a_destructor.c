/* Inside a destructor everything works: create, set, get, delete, once, another thread, and exit does nothing. */
#include "harness.h"

static tsd_key_t outer, doomed, born;
static tsd_once_t control = TSD_ONCE_INIT;

static void routine(void) { calls += 100; }

static void thread_body(void *argument) {
    CHECK(tsd_get(outer) == NULL);
    CHECK(tsd_set(outer, argument) == 0);
    CHECK(tsd_set(outer, NULL) == 0);
}

static void never(void *value) {
    (void)value;
    CHECK(!"the destructor of a deleted key");
}

static void destructor(void *value) {
    tsd_exit_report_t report;
    (void)value;
    CHECK(tsd_once(&control, routine) == 0);
    CHECK(tsd_key_create(&born, count_call) == 0);
    CHECK(tsd_set(born, value_of(3)) == 0 && tsd_get(born) == value_of(3));
    /* Its turn has not come yet, since indexes are given out in order. */
    CHECK(tsd_key_delete(doomed) == 0);
    tsd_thread_exit(&report);
    CHECK(report.flags == TSD_EXIT_ALREADY_EXITING && report.calls == 0);
    tsd_thread_exit(NULL);
    run_thread(thread_body, value_of(4));
    CHECK(tsd_key_delete(outer) == 0);
}

static void body(void *argument) {
    (void)argument;
    CHECK(tsd_set(outer, value_of(1)) == 0);
    CHECK(tsd_set(doomed, value_of(2)) == 0);
}

void test(void) {
    tsd_exit_report_t report;
    CHECK(tsd_key_create(&outer, destructor) == 0);
    CHECK(tsd_key_create(&doomed, never) == 0);
    report = run_thread(body, NULL);
    CHECK(calls == 101 && calls_sum == (uintptr_t)value_of(3));
    CHECK(report.calls == 2 && report.left_over == 0);
    CHECK(tsd_key_delete(born) == 0);
}
