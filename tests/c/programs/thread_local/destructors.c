/* Exit functions and ordinary destructors find what the thread had. A last-phase destructor that comes later has a new
 * one, which is freed in a later round, as long as there are rounds. */
#include "emulation.h"

static const int seven = 7;
static variable_t variable = {sizeof seven, sizeof seven, 0, &seven};
static tsd_key_t ordinary, last;
static int *mine, calls_to_last, calls_wanted;

static int *address(void) { return (int *)tsd___emutls_get_address(&variable); }

static void look(void *value) {
    CHECK(address() == mine && *mine == 8 && value == &variable);
    calls++;
}

static void use_again(void *value) {
    CHECK(frees == allocations && *address() == 7);
    *address() = 8;
    if (++calls_to_last < calls_wanted) {
        CHECK(tsd_set(last, value) == 0);
    }
}

static void use(void *argument) {
    mine = address();
    CHECK(*mine == 7);
    *mine = 8;
    CHECK(tsd_at_thread_exit(look, &variable) == 0 && tsd_set(ordinary, &variable) == 0);
    CHECK(argument == NULL || tsd_set(last, argument) == 0);
}

void test(void) {
    tsd_key_options_t options = {use_again, "last", TSD_KEY_LAST_PHASE};
    tsd_exit_report_t report;
    keys_kept = 1;
    CHECK(tsd_key_create(&ordinary, look) == 0);
    CHECK(run_thread(use, NULL).last_phase_rounds == 1);
    CHECK(calls == 2 && allocations == 2 && frees == 2);
    /* The variables' key is there already, and has the lower index: it comes first in each round. */
    CHECK(tsd_key_create_with(&last, &options) == 0);
    calls_wanted = 1;
    report = run_thread(use, &options);
    CHECK(report.last_phase_rounds == 2 && report.left_over == 0 && calls_to_last == 1);
    CHECK(allocations == 6 && frees == 6);
    calls_to_last = 0;
    calls_wanted = TSD_ROUNDS;
    report = run_thread(use, &options);
    /* The last round's is lost, and the report says so. */
    CHECK(report.last_phase_rounds == TSD_ROUNDS && report.flags == TSD_EXIT_LEFT_OVER && report.left_over == 1);
    CHECK(calls_to_last == TSD_ROUNDS && allocations == 6 + 2 * (1 + TSD_ROUNDS) && frees == allocations - 2);
    CHECK(tsd_key_delete(ordinary) == 0 && tsd_key_delete(last) == 0);
}
