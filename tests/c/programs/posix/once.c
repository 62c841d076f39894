/* pthread_once: success, EINVAL for NULL, EDEADLK for recursion. */
#include "harness.h"

#include <errno.h>

static tsd_pthread_once_t control = TSD_PTHREAD_ONCE_INIT;

static void routine(void) {
    CHECK(tsd_pthread_once(&control, routine) == EDEADLK);
    calls++;
}

void test(void) {
    CHECK(tsd_pthread_once(NULL, routine) == EINVAL);
    CHECK(tsd_pthread_once(&control, NULL) == EINVAL);
    CHECK(tsd_pthread_once(&control, routine) == 0);
    CHECK(tsd_pthread_once(&control, routine) == 0);
    CHECK(calls == 1);
}
