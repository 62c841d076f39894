/* A routine that calls once on its own control is told so; another control works, however deep. */
#include "harness.h"

static tsd_once_t outer = TSD_ONCE_INIT, inner = TSD_ONCE_INIT;

static void innermost(void) {
    CHECK(tsd_once(&outer, innermost) == TSD_EDEADLK);
    CHECK(tsd_once(&inner, innermost) == TSD_EDEADLK);
    calls++;
}

static void routine(void) {
    CHECK(tsd_once(&outer, routine) == TSD_EDEADLK);
    CHECK(tsd_once(&inner, innermost) == 0);
    CHECK(tsd_once(&inner, innermost) == 0);
    calls++;
}

void test(void) {
    CHECK(tsd_once(&outer, routine) == 0);
    CHECK(calls == 2);
}
