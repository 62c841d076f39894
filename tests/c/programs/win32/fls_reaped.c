/* Threads that stop for ever, under the lock, in a callback or in their exit: another thread runs their exit. */
#include "harness.h"

static uint32_t index_;
static int hook_calls, last_call, has_stopped_in_hook, stops_in_callback, is_waiting;
static event_t stopped, buried;
static tsd_exit_report_t report;

/* What is behind it is never reached. The system's thread ends when nobody looks at its structure any more. */
static void stop(void) {
    thread_on_hook(NULL);
    event_signal(&stopped);
    event_wait(&buried);
    thread_vanish();
}

static void stop_in_hook(void) {
    if (++hook_calls == last_call) {
        has_stopped_in_hook = 1;
        stop();
    }
}

static void callback(void *value) {
    count_call(value);
    if (stops_in_callback) {
        stops_in_callback = 0;
        stop();
    }
}

static void sets(void *argument) {
    hook_calls = has_stopped_in_hook = 0;
    thread_on_hook(stop_in_hook);
    CHECK(tsd_FlsSetValue(index_, argument));
    stop();
}

static void frees(void *argument) {
    (void)argument;
    tsd_FlsFree(index_);
}

/* Begun before there is a dead thread: to make a thread takes the lock as well. */
static void waits(void *argument) {
    event_wait(&stopped);
    __atomic_store_n(&is_waiting, 1, __ATOMIC_SEQ_CST);
    CHECK(tsd_FlsSetValue(index_, argument));
}

static void sets_and_exits(void *argument) { CHECK(tsd_FlsSetValue(index_, argument)); }

static void reap(void) { tsd_thread_reap(&report); }

static thread_t *started(void (*body)(void *)) {
    thread_t *thread;
    buried.happened = 0;
    reset_calls();
    thread = thread_start(body, value_of(2));
    event_wait(&stopped);
    return thread;
}

/* Its memory is anything from then on. */
static void bury(thread_t *dead) {
    as_thread(thread_structure(dead), reap);
    memset(thread_structure(dead), 0xFF, sizeof(tsd_thread_t));
    event_signal(&buried);
    thread_join(dead);
}

static void under_the_lock(void) {
    last_call = 0;
    do {
        thread_t *dead, *waiter;
        int i, values;
        last_call++;
        is_waiting = stopped.happened = 0;
        waiter = thread_start(waits, value_of(3));
        dead = started(sets);
        values = !has_stopped_in_hook;
        while (!__atomic_load_n(&is_waiting, __ATOMIC_SEQ_CST)) {
            thread_yield();
        }
        for (i = 0; i < 100; i++) {
            thread_yield();
        }
        bury(dead);
        CHECK(report.flags == 0 && report.calls == (uint32_t)values);
        CHECK(thread_join(waiter).calls == 1 && calls == 1 + values);
    } while (has_stopped_in_hook);
    CHECK(last_call > 2);
}

static void in_its_exit(void) {
    thread_t *dead;
    stops_in_callback = 1;
    stopped.happened = 0;
    dead = started(sets_and_exits);
    bury(dead);
    CHECK(report.flags == TSD_EXIT_INTERRUPTED && report.interrupted == index_ && calls == 1);
    /* The list is walked, and those on it leave. */
    run_thread(sets_and_exits, value_of(4));
    CHECK(calls == 2);
}

static void in_free(void) {
    thread_t *dead;
    uint32_t keys;
    stops_in_callback = 1;
    CHECK(tsd_FlsSetValue(index_, value_of(5)));
    stopped.happened = 0;
    dead = started(frees);
    keys = tsd_keys_in_use();
    CHECK(!tsd_FlsFree(index_) && tsd_keys_in_use() == keys);
    bury(dead);
    CHECK(tsd_keys_in_use() == keys - 1 && calls == 1 && calls_sum == (uintptr_t)value_of(5));
}

static void frees_another(void *value) {
    (void)value;
    frees(NULL);
}

static uint32_t with_free;

static void exits_with_free(void *argument) { CHECK(tsd_FlsSetValue(with_free, argument)); }

static void in_free_in_its_exit(void) {
    thread_t *dead;
    uint32_t keys;
    index_ = tsd_FlsAlloc(callback);
    with_free = tsd_FlsAlloc(frees_another);
    keys = tsd_keys_in_use();
    stops_in_callback = 1;
    CHECK(tsd_FlsSetValue(index_, value_of(6)));
    stopped.happened = 0;
    dead = started(exits_with_free);
    bury(dead);
    CHECK(report.flags == TSD_EXIT_INTERRUPTED && report.interrupted == with_free);
    CHECK(tsd_keys_in_use() == keys - 1 && calls == 1 && tsd_FlsFree(with_free));
}

void test(void) {
    index_ = tsd_FlsAlloc(callback);
    under_the_lock();
    in_its_exit();
    in_free();
    in_free_in_its_exit();
}
