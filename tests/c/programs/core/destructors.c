/* At thread exit each value goes to its destructor once, on the thread itself, and reads NULL there. */
#include "harness.h"

static tsd_key_t with, without, cleared;
static tsd_thread_t *self;

static void destructor(void *value) {
    CHECK(value == value_of(1));
    CHECK(tsd_current() == self);
    CHECK(tsd_get(with) == NULL);
    CHECK(tsd_get(without) == value_of(2));
    calls++;
}

static void body(void *argument) {
    (void)argument;
    self = tsd_current();
    CHECK(tsd_set(with, value_of(9)) == 0);
    CHECK(tsd_set(with, value_of(1)) == 0);
    CHECK(tsd_set(without, value_of(2)) == 0);
    CHECK(tsd_set(cleared, value_of(3)) == 0);
    CHECK(tsd_set(cleared, NULL) == 0);
}

void test(void) {
    tsd_exit_report_t report;
    CHECK(tsd_key_create(&with, destructor) == 0);
    CHECK(tsd_key_create(&without, NULL) == 0);
    CHECK(tsd_key_create(&cleared, destructor) == 0);
    report = run_thread(body, NULL);
    CHECK(calls == 1);
    CHECK(report.calls == 1 && report.rounds == 1 && report.last_phase_rounds == 0);
    CHECK(report.left_over == 0 && report.flags == 0 && report.functions == 0);
    CHECK(tsd_key_delete(with) == 0 && tsd_key_delete(without) == 0 && tsd_key_delete(cleared) == 0);
}
