/* The live keys with their names, flags and destructors. */
#include "harness.h"

void test(void) {
    tsd_key_options_t options = {count_call, "log buffer", TSD_KEY_LAST_PHASE};
    tsd_key_t named, plain, deleted;
    tsd_key_info_t info;
    uint32_t cursor = 0;
    CHECK(tsd_key_next(&cursor, &info) == 0);
    CHECK(tsd_keys_in_use() == 0 && tsd_keys_high_water() == 0 && tsd_keys_retired() == 0);
    CHECK(tsd_key_create_with(&named, &options) == 0);
    CHECK(tsd_key_create(&deleted, NULL) == 0);
    CHECK(tsd_key_create(&plain, NULL) == 0);
    CHECK(tsd_key_delete(deleted) == 0);
    CHECK(tsd_keys_in_use() == 2 && tsd_keys_high_water() == 3);
    cursor = 0;
    CHECK(tsd_key_next(&cursor, &info) == 1);
    CHECK(info.key == named && info.destructor == count_call && strcmp(info.name, "log buffer") == 0);
    CHECK(info.flags == (TSD_KEY_LAST_PHASE | TSD_KEY_HAS_DESTRUCTOR));
    CHECK(tsd_key_next(&cursor, &info) == 1);
    CHECK(info.key == plain && info.destructor == NULL && info.flags == 0 && info.name[0] == 0);
    CHECK(tsd_key_next(&cursor, &info) == 0);
    CHECK(tsd_key_next(&cursor, &info) == 0);
    cursor = UINT32_MAX;
    CHECK(tsd_key_next(&cursor, &info) == 0);
    CHECK(tsd_key_delete(named) == 0 && tsd_key_delete(plain) == 0);
}
