/* The keys that a module has left are deleted by where their destructors lie; others and static keys stay. */
#include "harness.h"

/* The module's code is a section of its own, whose bounds the linker knows. */
#define IN_MODULE __attribute__((section("module_text"), noinline))
extern const char __start_module_text[], __stop_module_text[];

static IN_MODULE void modules(void *value) { count_call(value); }
static IN_MODULE void modules_other(void *value) { count_call((char *)value + 16); }

#define KEYS(KEY) KEY(modules_static, modules, 0)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);

static tsd_key_t first, second, kernels, without;

static void sets(void *argument) {
    (void)argument;
    CHECK(tsd_set(first, value_of(1)) == 0 && tsd_set(second, value_of(2)) == 0);
    CHECK(tsd_set(kernels, value_of(4)) == 0 && tsd_set(without, value_of(8)) == 0);
    CHECK(tsd_static_set(modules_static, value_of(16)) == 0);
    CHECK(tsd_keys_purge(__start_module_text, __stop_module_text) == 2);
    CHECK(tsd_get(first) == NULL && tsd_set(first, value_of(1)) == TSD_EINVAL);
    CHECK(tsd_get(second) == NULL && tsd_key_delete(second) == TSD_EINVAL);
    CHECK(tsd_get(kernels) == value_of(4) && tsd_get(without) == value_of(8));
    CHECK(tsd_static_get(modules_static) == value_of(16));
}

/* From `start` up to `end`, which is not in it. */
static void bounds(void) {
    const char *at = (const char *)(uintptr_t)modules_other;
    tsd_key_t key;
    CHECK(tsd_key_create(&key, modules_other) == 0);
    CHECK(tsd_keys_purge(at + 1, __stop_module_text + 1) == 0 && tsd_keys_purge(at, at) == 0);
    CHECK(tsd_keys_purge(__stop_module_text, __start_module_text) == 0 && tsd_keys_purge(NULL, NULL) == 0);
    CHECK(tsd_keys_in_use() == 3);
    CHECK(tsd_keys_purge(at, at + 1) == 1 && tsd_key_delete(key) == TSD_EINVAL);
}

void test(void) {
    tsd_exit_report_t report;
    CHECK(tsd_key_create(&first, modules) == 0 && tsd_key_create(&second, modules_other) == 0);
    CHECK(tsd_key_create(&kernels, count_call) == 0 && tsd_key_create(&without, NULL) == 0);
    report = run_thread(sets, NULL);
    /* The deleted keys' values get no destructor. */
    CHECK(report.calls == 2 && calls == 2 && calls_sum == (uintptr_t)value_of(4 + 16));
    CHECK(tsd_keys_in_use() == 3 && tsd_keys_purge(__start_module_text, __stop_module_text) == 0);
    CHECK(tsd_key_delete(without) == 0);
    bounds();
    CHECK(tsd_key_delete(kernels) == 0);
}
