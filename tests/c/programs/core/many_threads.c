/* 120 threads alive at once, each with a value under every key; each value is destroyed. */
#include "harness.h"

enum { THREADS = 120 };
static tsd_key_t keys[TSD_KEYS];
static event_t go;
static int ready;

static void body(void *argument) {
    uintptr_t number = (uintptr_t)argument;
    int i;
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_set(keys[i], value_of(number * TSD_KEYS + (uintptr_t)i + 1)) == 0);
    }
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    event_wait(&go);
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_get(keys[i]) == value_of(number * TSD_KEYS + (uintptr_t)i + 1));
    }
}

void test(void) {
    static thread_t *threads[THREADS];
    int i;
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_create(&keys[i], count_call) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        threads[i] = thread_start(body, (void *)(uintptr_t)i);
    }
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < THREADS) {
        thread_yield();
    }
    event_signal(&go);
    for (i = 0; i < THREADS; i++) {
        CHECK(thread_join(threads[i]).calls == TSD_KEYS);
    }
    CHECK(calls == THREADS * TSD_KEYS);
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_delete(keys[i]) == 0);
    }
}
