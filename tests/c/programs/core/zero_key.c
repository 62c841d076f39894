/* A key that was never assigned is 0, and 0 is never a key. */
#include "harness.h"

void test(void) {
    static tsd_key_t never_created;
    CHECK(tsd_get(never_created) == NULL);
    CHECK(tsd_set(never_created, &never_created) == TSD_EINVAL);
    CHECK(tsd_set(never_created, NULL) == TSD_EINVAL);
    CHECK(tsd_key_delete(never_created) == TSD_EINVAL);
    CHECK(tsd_get(never_created) == NULL);
}
