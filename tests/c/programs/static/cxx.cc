// Static keys in C++: the same lists make the table, and the key is a constant of the language.
#include "harness.h"

#define KEYS(KEY) KEY(current_request, count_call, 0) KEY(allocator, nullptr, TSD_KEY_LAST_PHASE)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);

template <tsd_key_t Key> void *get() { return tsd_get(Key); }

static void body(void *argument) {
    CHECK(tsd_static_get(current_request) == nullptr);
    CHECK(tsd_static_set(current_request, argument) == 0 && tsd_static_set(allocator, argument) == 0);
    CHECK(tsd_static_get(current_request) == argument && get<allocator>() == argument);
}

void test(void) {
    CHECK(run_thread(body, value_of(1)).calls == 1);
    CHECK(calls == 1 && tsd_keys_in_use() == 2);
    CHECK(tsd_key_delete(current_request) == TSD_EINVAL);
}
