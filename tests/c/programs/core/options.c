/* Keys with a name and a phase; what is not allowed is EINVAL. */
#include "harness.h"

void test(void) {
    tsd_key_options_t options = {NULL, "a name", TSD_KEY_LAST_PHASE};
    tsd_key_t key = 0;
    CHECK(tsd_key_create_with(&key, &options) == 0 && key != 0);
    CHECK(tsd_key_delete(key) == 0);
    options.name = NULL;
    options.flags = 0;
    CHECK(tsd_key_create_with(&key, &options) == 0);
    CHECK(tsd_key_delete(key) == 0);
    options.name = "caf\xc3\xa9";
    CHECK(tsd_key_create_with(&key, &options) == TSD_EINVAL);
    options.name = "";
    options.flags = TSD_KEY_STATIC;
    CHECK(tsd_key_create_with(&key, &options) == TSD_EINVAL);
    CHECK(tsd_key_create_with(&key, NULL) == TSD_EINVAL);
    options.flags = 0;
    CHECK(tsd_key_create_with(NULL, &options) == TSD_EINVAL);
}
