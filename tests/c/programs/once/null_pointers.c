/* NULL for the control or the routine is EINVAL, and leaves the control as it was. */
#include "harness.h"

static void routine(void) { calls++; }

void test(void) {
    tsd_once_t control = TSD_ONCE_INIT;
    CHECK(tsd_once(NULL, routine) == TSD_EINVAL);
    CHECK(tsd_once(&control, NULL) == TSD_EINVAL);
    CHECK(tsd_once(NULL, NULL) == TSD_EINVAL);
    CHECK(calls == 0);
    CHECK(tsd_once(&control, routine) == 0 && calls == 1);
    CHECK(tsd_once(&control, NULL) == TSD_EINVAL);
    CHECK(tsd_once(&control, routine) == 0 && calls == 1);
}
