/* The report counts all values that are left and names the first keys. */
#include "harness.h"

static tsd_key_t keys[TSD_KEYS];

static void set_again(void *value) { CHECK(tsd_set(keys[(uintptr_t)value / 16 - 1], value) == 0); }

static void body(void *argument) {
    uintptr_t i;
    (void)argument;
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_set(keys[i], value_of(i + 1)) == 0);
    }
}

void test(void) {
    int i;
    tsd_exit_report_t report;
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_create(&keys[i], set_again) == 0);
    }
    report = run_thread(body, NULL);
    CHECK(report.left_over == TSD_KEYS && report.calls == TSD_KEYS * TSD_ROUNDS);
    for (i = 0; i < TSD_LEFT_OVER_KEYS; i++) {
        CHECK(report.left_over_keys[i] == (i < TSD_KEYS ? keys[i] : 0));
    }
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_delete(keys[i]) == 0);
    }
}
