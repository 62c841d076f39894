/* A last-phase key is destroyed after every ordinary key's rounds, also when it is set from an ordinary destructor. */
#include "harness.h"

static tsd_key_t runtime, ordinary;
static int ordinary_calls;

static void end_runtime(void *value) {
    CHECK(value == value_of(1));
    CHECK(ordinary_calls == TSD_ROUNDS);
    calls++;
}

static void use_runtime(void *value) {
    ordinary_calls++;
    CHECK(tsd_set(runtime, value_of(1)) == 0);
    if (ordinary_calls < TSD_ROUNDS) {
        CHECK(tsd_set(ordinary, value) == 0);
    }
}

static void body(void *argument) {
    (void)argument;
    CHECK(tsd_set(ordinary, value_of(2)) == 0);
}

void test(void) {
    tsd_key_options_t options = {end_runtime, "runtime", TSD_KEY_LAST_PHASE};
    tsd_exit_report_t report;
    CHECK(tsd_key_create_with(&runtime, &options) == 0);
    CHECK(tsd_key_create(&ordinary, use_runtime) == 0);
    report = run_thread(body, NULL);
    CHECK(calls == 1 && report.rounds == TSD_ROUNDS && report.last_phase_rounds == 1 && report.left_over == 0);
    CHECK(tsd_key_delete(runtime) == 0 && tsd_key_delete(ordinary) == 0);
}
