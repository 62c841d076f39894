/* Destructors of objects run in reverse order of construction, before the keys; those registered late run next. */
#include "harness.h"

static tsd_key_t key;
static int order[8], count;

struct object {
    int number;
};
static object objects[4] = {{1}, {2}, {3}, {4}};

static void destroy(void *pointer) { order[count++] = static_cast<object *>(pointer)->number; }

static void destroy_and_register(void *pointer) {
    destroy(pointer);
    CHECK(tsd___cxa_thread_atexit(destroy, &objects[3], nullptr) == 0);
}

static void destroy_value(void *) {
    order[count++] = 5;
    CHECK(tsd___cxa_thread_atexit_impl(destroy, &objects[0], nullptr) == 0);
}

static void body(void *) {
    CHECK(tsd_set(key, value_of(1)) == 0);
    CHECK(tsd___cxa_thread_atexit(destroy, &objects[0], nullptr) == 0);
    CHECK(tsd___cxa_thread_atexit_impl(destroy_and_register, &objects[1], nullptr) == 0);
    CHECK(tsd___cxa_thread_atexit(destroy, &objects[2], nullptr) == 0);
}

void test(void) {
    static const int expected[] = {3, 2, 4, 1, 5, 1};
    CHECK(tsd_key_create(&key, destroy_value) == 0);
    tsd_exit_report_t report = run_thread(body, nullptr);
    CHECK(report.functions == 5 && report.calls == 1 && count == 6);
    for (int i = 0; i < count; i++) {
        CHECK(order[i] == expected[i]);
    }
    CHECK(tsd_key_delete(key) == 0);
}
