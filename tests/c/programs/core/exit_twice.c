/* The exit hook run twice, and on a thread that never set anything, does nothing the second time. */
#include "harness.h"

static tsd_key_t key;

static void body(void *argument) {
    tsd_exit_report_t report;
    CHECK(tsd_set(key, value_of(1)) == 0);
    tsd_thread_exit(&report);
    CHECK(report.calls == 1);
    tsd_thread_exit(&report);
    CHECK(report.calls == 0 && report.flags == 0 && report.rounds == 0);
    tsd_thread_exit((tsd_exit_report_t *)argument);
}

static void idle(void *argument) { (void)argument; }

void test(void) {
    tsd_exit_report_t report;
    CHECK(tsd_key_create(&key, count_call) == 0);
    CHECK(run_thread(body, NULL).calls == 0);
    report = run_thread(idle, NULL);
    CHECK(report.calls == 0 && report.rounds == 0 && report.flags == 0 && report.left_over_keys[0] == 0);
    CHECK(calls == 1);
    CHECK(tsd_key_delete(key) == 0);
}
