/*
 * POSIX's keys with destructors on Tls indexes and detach notifications alone, as libraries over Win32 threads have them:
 * Win32 gives a thread's end one call for each module, so the module keeps a list of its keys and does the rounds itself.
 */
#include "harness.h"

enum { ROUNDS = 3, MOST = 3 };

typedef struct wkey {
    uint32_t tls;
    void (*destructor)(void *);
} wkey_t;

/* ---- the library ---- */

static wkey_t *keys[MOST];
static int lock;

static void acquire(void) {
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
        thread_yield();
    }
}

static void release(void) { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

/* Whether there was room; `to` is put where `from` was. */
static int replace(const wkey_t *from, wkey_t *to) {
    int i, found = 0;
    acquire();
    for (i = 0; i < MOST && !found; i++) {
        if (keys[i] == from) {
            keys[i] = to;
            found = 1;
        }
    }
    release();
    return found;
}

static int wkey_create(wkey_t *key, void (*destructor)(void *)) {
    key->destructor = destructor;
    key->tls = tsd_TlsAlloc();
    if (key->tls == TSD_TLS_OUT_OF_INDEXES) {
        return 0;
    }
    if (destructor != NULL && !replace(NULL, key)) {
        CHECK(tsd_TlsFree(key->tls));
        return 0;
    }
    return 1;
}

static void wkey_delete(wkey_t *key) {
    if (key->destructor != NULL) {
        CHECK(replace(key, NULL));
    }
    CHECK(tsd_TlsFree(key->tls));
}

/* One key's value of the thread that ends: taken first, so that its destructor finds NULL. No lock is held in it. */
static int destroy(int i) {
    void (*destructor)(void *) = NULL;
    void *value = NULL;
    acquire();
    if (keys[i] != NULL && (value = tsd_TlsGetValue(keys[i]->tls)) != NULL) {
        destructor = keys[i]->destructor;
        CHECK(tsd_TlsSetValue(keys[i]->tls, NULL));
    }
    release();
    if (destructor != NULL) {
        destructor(value);
    }
    return destructor != NULL;
}

static void note(uint32_t reason, void *context) {
    int round, i, called = 1;
    (void)context;
    for (round = 0; reason == TSD_THREAD_DETACH && round < ROUNDS && called; round++) {
        for (called = 0, i = 0; i < MOST; i++) {
            called |= destroy(i);
        }
    }
}

TSD_NOTIFICATION(library, note, NULL);

/* ---- what a program sees of it ---- */

static wkey_t first, second, again, plain, too_many;

static void to_second(void *value) {
    CHECK(tsd_TlsGetValue(first.tls) == NULL);
    CHECK(tsd_TlsSetValue(second.tls, value));
    count_call(value);
}

static void sets_again(void *value) {
    count_call(value);
    CHECK(tsd_TlsSetValue(again.tls, value));
}

static void body(void *argument) {
    CHECK(tsd_TlsGetValue(first.tls) == NULL);
    CHECK(tsd_TlsSetValue(first.tls, argument) && tsd_TlsSetValue(plain.tls, argument));
    thread_yield();
    CHECK(tsd_TlsGetValue(first.tls) == argument && tsd_TlsGetValue(second.tls) == NULL);
}

static void body_again(void *argument) { CHECK(tsd_TlsSetValue(again.tls, argument)); }

static void body_after_deletion(void *argument) {
    CHECK(tsd_TlsSetValue(first.tls, argument));
    wkey_delete(&first);
}

void test(void) {
    enum { THREADS = 8 };
    thread_t *threads[THREADS];
    uintptr_t i;
    tsd_exit_report_t report;
    CHECK(wkey_create(&first, to_second) && wkey_create(&second, count_call) && wkey_create(&plain, NULL));
    for (i = 0; i < THREADS; i++) {
        threads[i] = thread_start(body, value_of(1));
    }
    for (i = 0; i < THREADS; i++) {
        report = thread_join(threads[i]);
        /* The library under it knows of no destructor. */
        CHECK(report.calls == 0 && report.left_over == 0);
    }
    CHECK(calls == 2 * THREADS && calls_sum == 2 * THREADS * (uintptr_t)value_of(1));

    /* A destructor that always sets its key again is called for so many rounds. */
    reset_calls();
    CHECK(wkey_create(&again, sets_again));
    CHECK(!wkey_create(&too_many, count_call));
    run_thread(body_again, value_of(2));
    CHECK(calls == ROUNDS);

    /* A deleted key's values get no destructor. */
    reset_calls();
    run_thread(body_after_deletion, value_of(3));
    CHECK(calls == 0);
    wkey_delete(&second);
    wkey_delete(&again);
    wkey_delete(&plain);
}
