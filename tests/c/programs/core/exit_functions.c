/* Thread-exit functions run in reverse order, before the keys; a full list is ENOMEM and loses nothing. */
#include "harness.h"

static tsd_key_t key;
static uintptr_t next_expected;

static void in_reverse(void *argument) {
    CHECK((uintptr_t)argument == next_expected);
    CHECK(tsd_get(key) == value_of(1));
    next_expected--;
}

static void after(void *value) {
    CHECK(value == value_of(1) && next_expected == 0);
    CHECK(tsd_at_thread_exit(count_call, value_of(5)) == 0);
}

static void body(void *argument) {
    uintptr_t i;
    (void)argument;
    CHECK(tsd_set(key, value_of(1)) == 0);
    for (i = 1; i <= TSD_EXIT_FUNCTIONS; i++) {
        CHECK(tsd_at_thread_exit(in_reverse, (void *)i) == 0);
    }
    CHECK(tsd_at_thread_exit(in_reverse, NULL) == TSD_ENOMEM);
    next_expected = TSD_EXIT_FUNCTIONS;
}

void test(void) {
    tsd_exit_report_t report;
    CHECK(tsd_key_create(&key, after) == 0);
    report = run_thread(body, NULL);
    CHECK(report.functions == TSD_EXIT_FUNCTIONS + 1 && report.calls == 1);
    CHECK(calls == 1 && calls_sum == (uintptr_t)value_of(5));
    CHECK(tsd_key_delete(key) == 0);
}
