/* Where a pointer is needed, NULL gets an error, not a fault. */
#include "harness.h"

void test(void) {
    uint32_t cursor = 0;
    tsd_key_info_t info;
    void *value;
    tsd_notification_t no_function = {NULL, NULL};
    CHECK(tsd_key_create(NULL, NULL) == TSD_EINVAL);
    CHECK(tsd_key_create_with(NULL, NULL) == TSD_EINVAL);
    CHECK(tsd_thread_init(NULL) == TSD_EINVAL);
    CHECK(tsd_at_thread_exit(NULL, NULL) == TSD_EINVAL);
    CHECK(tsd_once(NULL, NULL) == TSD_EINVAL);
    CHECK(tsd_notification_register(NULL) == TSD_EINVAL);
    CHECK(tsd_notification_register(&no_function) == TSD_EINVAL);
    CHECK(tsd_notification_unregister(NULL) == TSD_EINVAL);
    CHECK(tsd_key_next(NULL, &info) == 0 && tsd_key_next(&cursor, NULL) == 0);
    CHECK(tsd_value_next(NULL, &cursor, &info, &value) == 0);
    CHECK(tsd_thread_get(NULL, 1) == NULL);
    CHECK(tsd_thread_destructor(NULL, NULL) == 0);
    CHECK(tsd_keys_in_use() == 0);
}
