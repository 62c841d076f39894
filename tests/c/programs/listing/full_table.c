/* Who is refused a key finds out who holds them: how many each owner has, by name or destructor. */
#include "harness.h"

static void destroy_log(void *value) { (void)value; }

static void destroy_other(void *value) { (void)value; }

void test(void) {
    const tsd_key_options_t log_buffer = {destroy_log, "log buffer", 0};
    static tsd_key_t keys[TSD_KEYS];
    tsd_key_info_t info;
    tsd_key_t more = 77;
    uint32_t cursor = 0, logs = 0, others = 0;
    int i;
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK((i % 3 == 0 ? tsd_key_create_with(&keys[i], &log_buffer) : tsd_key_create(&keys[i], destroy_other)) == 0);
    }
    CHECK(tsd_key_create(&more, NULL) == TSD_EAGAIN && more == 77);
    for (i = 0; tsd_key_next(&cursor, &info); i++) {
        CHECK(info.key == keys[i]);
        if (strcmp(info.name, "log buffer") == 0) {
            CHECK(info.destructor == destroy_log);
            logs++;
        } else {
            CHECK(info.name[0] == 0 && info.destructor == destroy_other);
            others++;
        }
    }
    CHECK(logs == (TSD_KEYS + 2) / 3 && logs + others == TSD_KEYS);
    CHECK(tsd_keys_in_use() == TSD_KEYS && tsd_keys_retired() == 0);
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_delete(keys[i]) == 0);
    }
}
