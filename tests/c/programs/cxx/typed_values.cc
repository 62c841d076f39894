/* The header from C++: values of class type behind a key, constructed on first use, destroyed at thread exit. */
#include "harness.h"

#include <cstring>
#include <string>

static tsd_key_t key;
static tsd_once_t once = TSD_ONCE_INIT;
static int alive;

struct buffer {
    std::string text;
    buffer() { __atomic_fetch_add(&alive, 1, __ATOMIC_SEQ_CST); }
    ~buffer() { __atomic_fetch_sub(&alive, 1, __ATOMIC_SEQ_CST); }
    buffer(const buffer &) = delete;
    buffer &operator=(const buffer &) = delete;
};

static void create_key() {
    CHECK(tsd_key_create(&key, [](void *value) { delete static_cast<buffer *>(value); }) == 0);
}

static buffer &of_this_thread() {
    CHECK(tsd_once(&once, create_key) == 0);
    auto *value = static_cast<buffer *>(tsd_get(key));
    if (value == nullptr) {
        value = new buffer;
        CHECK(tsd_set(key, value) == 0);
    }
    return *value;
}

static void body(void *argument) {
    for (int i = 0; i < 100; i++) {
        of_this_thread().text += static_cast<const char *>(argument);
    }
    CHECK(of_this_thread().text.size() == 100 * std::strlen(static_cast<const char *>(argument)));
}

void test(void) {
    char a[] = "a", bcd[] = "bcd";
    thread_t *first = thread_start(body, a), *second = thread_start(body, bcd);
    CHECK(thread_join(first).calls == 1 && thread_join(second).calls == 1);
    CHECK(alive == 0);
    CHECK(tsd_key_delete(key) == 0);
}
