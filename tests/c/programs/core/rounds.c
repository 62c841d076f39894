/* A destructor that always sets its key again runs once each round; what is left is reported, then cleared. */
#include "harness.h"

static tsd_key_t stubborn, calm;

static void set_again(void *value) {
    calls++;
    CHECK(tsd_set(stubborn, value) == 0);
}

static void body(void *argument) {
    tsd_exit_report_t report;
    (void)argument;
    CHECK(tsd_set(stubborn, value_of(1)) == 0);
    CHECK(tsd_set(calm, value_of(2)) == 0);
    tsd_thread_exit(&report);
    CHECK(calls == TSD_ROUNDS + 1);
    CHECK(report.rounds == TSD_ROUNDS && report.calls == TSD_ROUNDS + 1);
    CHECK(report.flags == TSD_EXIT_LEFT_OVER && report.left_over == 1);
    CHECK(report.left_over_keys[0] == stubborn && report.left_over_keys[1] == 0);
    /* The structure can be used again at once. */
    CHECK(tsd_get(stubborn) == NULL);
    CHECK(tsd_thread_attach() == 0);
}

void test(void) {
    CHECK(tsd_key_create(&stubborn, set_again) == 0);
    CHECK(tsd_key_create(&calm, count_call) == 0);
    CHECK(run_thread(body, NULL).left_over == 0);
    CHECK(tsd_key_delete(stubborn) == 0 && tsd_key_delete(calm) == 0);
}
