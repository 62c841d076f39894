/* Whoever has a thread's structure can tell whether the thread is in its exit, wherever that stands. */
#include "harness.h"

static tsd_key_t key;
static tsd_thread_t *structure;
static event_t begun, may_set, entered, may_return, buried;
static int dies;
static tsd_exit_report_t report;

static void destructor(void *value) {
    CHECK(value == value_of(1) && tsd_thread_is_exiting(structure) == 1);
    event_signal(&entered);
    event_wait(&may_return);
    if (dies) {
        /* The system's thread ends when nobody looks at its structure any more. */
        event_wait(&buried);
        thread_vanish();
    }
}

static void body(void *argument) {
    event_signal(&begun);
    event_wait(&may_set);
    CHECK(tsd_thread_is_exiting(structure) == 0 && tsd_set(key, argument) == 0);
}

/* A thread that is in the destructor. */
static thread_t *exiting(void) {
    thread_t *thread;
    begun.happened = may_set.happened = entered.happened = may_return.happened = 0;
    thread = thread_start(body, value_of(1));
    structure = thread_structure(thread);
    event_wait(&begun);
    CHECK(tsd_thread_is_exiting(structure) == 0);
    event_signal(&may_set);
    event_wait(&entered);
    CHECK(tsd_thread_is_exiting(structure) == 1);
    event_signal(&may_return);
    return thread;
}

static void sets_and_exits(void) {
    CHECK(tsd_thread_is_exiting(structure) == 0 && tsd_set(key, value_of(1)) == 0);
    tsd_thread_exit(&report);
}

static void reap(void) {
    CHECK(tsd_thread_is_exiting(structure) == 1);
    tsd_thread_reap(&report);
}

void test(void) {
    static tsd_thread_t embedded;
    thread_t *dead;
    CHECK(tsd_thread_is_exiting(NULL) == 0);
    CHECK(tsd_key_create(&key, destructor) == 0);
    thread_join(exiting());
    /* After its exit the structure can serve the next thread. */
    structure = &embedded;
    CHECK(tsd_thread_init(structure) == 0);
    as_thread(structure, sets_and_exits);
    CHECK(report.calls == 1 && tsd_thread_is_exiting(structure) == 0);
    /* A thread that died in its exit is there until its exit is run for it. */
    dies = 1;
    dead = exiting();
    as_thread(structure, reap);
    CHECK(report.flags == TSD_EXIT_INTERRUPTED && report.interrupted == key);
    CHECK(tsd_thread_is_exiting(structure) == 0);
    event_signal(&buried);
    thread_join(dead);
    CHECK(tsd_key_delete(key) == 0);
}
