/* Destructors run again for values set meanwhile, at most PTHREAD_DESTRUCTOR_ITERATIONS rounds; 2 can be relied on. */
#include "harness.h"

static tsd_pthread_key_t first, second;
static int first_calls, second_calls;

static void set_second(void *value) {
    first_calls++;
    CHECK(tsd_pthread_setspecific(second, value) == 0);
}

static void set_first(void *value) {
    second_calls++;
    CHECK(tsd_pthread_setspecific(first, value) == 0);
}

static void body(void *argument) { CHECK(tsd_pthread_setspecific(first, argument) == 0); }

void test(void) {
    tsd_exit_report_t report;
    CHECK(TSD_PTHREAD_DESTRUCTOR_ITERATIONS >= 2);
    CHECK(tsd_pthread_key_create(&first, set_second) == 0);
    CHECK(tsd_pthread_key_create(&second, set_first) == 0);
    report = run_thread(body, value_of(1));
    /* The two set each other; both run in each round, since the second comes after the first. */
    CHECK(first_calls == TSD_PTHREAD_DESTRUCTOR_ITERATIONS && second_calls == TSD_PTHREAD_DESTRUCTOR_ITERATIONS);
    CHECK(report.rounds == TSD_PTHREAD_DESTRUCTOR_ITERATIONS && report.left_over == 1);
    CHECK(tsd_pthread_key_delete(first) == 0 && tsd_pthread_key_delete(second) == 0);
}
