/*
 * The pattern that POSIX describes at pthread_once and pthread_key_create: an object that the first caller makes,
 * and a per-thread record behind a key that is created the same way. Allocations are counted.
 */
#include "harness.h"

static tsd_pthread_once_t once = TSD_PTHREAD_ONCE_INIT;
static tsd_pthread_key_t key;
static int allocations, frees;

struct record {
    unsigned uses;
};

static void *allocate(size_t size) {
    void *memory = malloc(size);
    CHECK(memory != NULL);
    __atomic_fetch_add(&allocations, 1, __ATOMIC_SEQ_CST);
    return memory;
}

static void release(void *memory) {
    __atomic_fetch_add(&frees, 1, __ATOMIC_SEQ_CST);
    free(memory);
}

static void set_up(void) { CHECK(tsd_pthread_key_create(&key, release) == 0); }

static unsigned use(void) {
    struct record *record;
    CHECK(tsd_pthread_once(&once, set_up) == 0);
    record = tsd_pthread_getspecific(key);
    if (record == NULL) {
        record = allocate(sizeof *record);
        record->uses = 0;
        CHECK(tsd_pthread_setspecific(key, record) == 0);
    }
    return ++record->uses;
}

static void body(void *argument) {
    uintptr_t i;
    for (i = 1; i <= (uintptr_t)argument; i++) {
        CHECK(use() == i);
    }
}

void test(void) {
    enum { THREADS = 16 };
    thread_t *threads[THREADS];
    uintptr_t i;
    for (i = 0; i < THREADS; i++) {
        threads[i] = thread_start(body, (void *)(i * 10));
    }
    for (i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    /* The thread that was told to use it 0 times has allocated nothing. */
    CHECK(allocations == THREADS - 1 && frees == allocations);
    CHECK(tsd_pthread_key_delete(key) == 0);
}
