/* Static keys: in the table and in every thread from the start, beside run-time keys, and never deleted. */
#include "harness.h"

#define HEAP_KEYS(KEY) KEY(heap_arena, count_call, TSD_KEY_LAST_PHASE)
#define KEYS(KEY)                                                                                                      \
    KEY(last_error, NULL, 0)                                                                                           \
    HEAP_KEYS(KEY)                                                                                                     \
    KEY(locale, count_call, 0)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);

enum { STATIC_KEYS = 3 };
static const tsd_key_t keys[STATIC_KEYS] = {last_error, heap_arena, locale};

static void without(void) {
    CHECK(tsd_static_get(locale) == NULL && tsd_static_set(locale, value_of(1)) == TSD_ESRCH);
}

/* The static key and its handle are one. */
static void values(void *argument) {
    tsd_key_t run_time = *(const tsd_key_t *)argument;
    CHECK(tsd_static_get(last_error) == NULL && tsd_static_get(heap_arena) == NULL && tsd_static_get(locale) == NULL);
    CHECK(tsd_static_set(locale, NULL) == 0 && tsd_static_get(locale) == NULL);
    CHECK(tsd_static_set(locale, value_of(1)) == 0);
    CHECK(tsd_static_get(locale) == value_of(1) && tsd_get(locale) == value_of(1));
    CHECK(tsd_static_set(locale, value_of(2)) == 0 && tsd_get(locale) == value_of(2));
    CHECK(tsd_set(last_error, value_of(3)) == 0 && tsd_static_get(last_error) == value_of(3));
    CHECK(tsd_static_set(last_error, value_of(4)) == 0 && tsd_static_get(last_error) == value_of(4));
    CHECK(tsd_set(locale, NULL) == 0 && tsd_static_get(locale) == NULL);
    CHECK(tsd_static_set(locale, value_of(5)) == 0 && tsd_static_set(heap_arena, value_of(6)) == 0);
    CHECK(tsd_set(run_time, value_of(7)) == 0 && tsd_static_get(locale) == value_of(5));
    CHECK(tsd_static_get(heap_arena) == value_of(6) && tsd_get(run_time) == value_of(7));
    without_thread(without);
    CHECK(tsd_static_get(locale) == value_of(5));
}

/* Read in the destructor of the ordinary keys' phase, the last phase's value is still there; its own is not. */
static void set_locale(void *value) {
    CHECK(tsd_static_get(heap_arena) == value_of(6));
    CHECK(tsd_static_set(locale, value) == 0);
}

static void listed(void) {
    static const char *const names[STATIC_KEYS] = {"last_error", "heap_arena", "locale"};
    static const uint32_t flags[STATIC_KEYS] = {TSD_KEY_STATIC,
                                                TSD_KEY_STATIC | TSD_KEY_LAST_PHASE | TSD_KEY_HAS_DESTRUCTOR,
                                                TSD_KEY_STATIC | TSD_KEY_HAS_DESTRUCTOR};
    tsd_key_info_t info;
    uint32_t cursor = 0;
    int i;
    for (i = 0; i < STATIC_KEYS; i++) {
        CHECK(tsd_key_next(&cursor, &info) == 1 && info.key == keys[i]);
        CHECK(strcmp(info.name, names[i]) == 0 && info.flags == flags[i]);
    }
    CHECK(tsd_key_next(&cursor, &info) == 0);
}

/* Run-time keys have the other indexes, all of them. */
static void other_indexes(void) {
    tsd_key_t others[TSD_KEYS];
    int i, j;
    for (i = 0; i < TSD_KEYS - STATIC_KEYS; i++) {
        CHECK(tsd_key_create(&others[i], NULL) == 0);
        for (j = 0; j < STATIC_KEYS; j++) {
            CHECK(others[i] != keys[j]);
        }
    }
    CHECK(tsd_key_create(&others[i], NULL) == TSD_EAGAIN);
    while (i-- > 0) {
        CHECK(tsd_key_delete(others[i]) == 0);
    }
}

void test(void) {
    tsd_exit_report_t report;
    tsd_key_t run_time;
    int i;
    listed();
    CHECK(tsd_keys_in_use() == STATIC_KEYS && tsd_keys_high_water() == STATIC_KEYS && tsd_keys_retired() == 0);
    for (i = 0; i < STATIC_KEYS; i++) {
        CHECK(tsd_key_delete(keys[i]) == TSD_EINVAL);
    }
    CHECK(tsd_key_create(&run_time, set_locale) == 0);
    for (i = 0; i < 2; i++) {
        reset_calls();
        report = run_thread(values, &run_time);
        /* locale, then what the run-time key's destructor sets, in round 2; heap_arena last. */
        CHECK(calls == 3 && calls_sum == (uintptr_t)value_of(5 + 7 + 6) && report.calls == 4);
        CHECK(report.rounds == 2 && report.last_phase_rounds == 1 && report.left_over == 0);
    }
    CHECK(tsd_static_get(locale) == NULL);
    CHECK(tsd_key_delete(run_time) == 0);
    other_indexes();
    CHECK(tsd_keys_in_use() == STATIC_KEYS && tsd_keys_high_water() == TSD_KEYS);
}
