/* A thread that dies with no exit, and whose structure becomes another thread's: what it had begun is forgotten. */
#include "harness.h"

static uint32_t index_, other;
static int last_call, hook_calls;
static event_t leave, set;

static void stays(void *argument) {
    CHECK(tsd_FlsSetValue(index_, argument));
    event_signal(&set);
    event_wait(&leave);
}

static thread_t *neighbour(uintptr_t number) {
    thread_t *thread;
    set.happened = 0;
    thread = thread_start(stays, value_of(number));
    event_wait(&set);
    return thread;
}

static void dies_with_value(void *argument) {
    CHECK(tsd_FlsSetValue(index_, argument));
    event_signal(&set);
    thread_vanish();
}

static void vanish_in_hook(void) {
    if (++hook_calls == last_call) {
        event_signal(&set);
        thread_on_hook(NULL);
        thread_vanish();
    }
}

static void dies_under_the_lock(void *argument) {
    hook_calls = 0;
    last_call = 2;
    thread_on_hook(vanish_in_hook);
    tsd_FlsSetValue(index_, argument);
    CHECK(!"it had to die");
}

static void die_in_callback(void *value) {
    count_call(value);
    if (calls == 1) {
        event_signal(&set);
        thread_vanish();
    }
}

static void dies_in_free(void *argument) {
    (void)argument;
    tsd_FlsFree(other);
    CHECK(!"it had to die");
}

static void next_thread(void) {
    tsd_exit_report_t report;
    CHECK(tsd_FlsGetValue(index_) == NULL);
    CHECK(tsd_FlsSetValue(index_, value_of(7)) && tsd_FlsGetValue(index_) == value_of(7));
    tsd_thread_exit(&report);
    CHECK(report.calls == 1);
}

/* A thread that dies between two others on the list, and the next one in its structure, which held anything since. */
static void used_again(int memory) {
    thread_t *first, *dead, *last;
    leave.happened = 0;
    reset_calls();
    index_ = tsd_FlsAlloc(count_call);
    first = neighbour(1);
    set.happened = 0;
    dead = thread_start(dies_with_value, value_of(2));
    event_wait(&set);
    last = neighbour(3);
    memset(thread_structure(dead), memory, sizeof(tsd_thread_t));
    CHECK(tsd_thread_init(thread_structure(dead)) == 0);
    as_thread(thread_structure(dead), next_thread);
    thread_join(dead);
    CHECK(calls == 1);
    CHECK(tsd_FlsFree(index_) && calls == 3);
    CHECK(calls_sum == (uintptr_t)value_of(1) + (uintptr_t)value_of(3) + (uintptr_t)value_of(7));
    event_signal(&leave);
    thread_join(first);
    thread_join(last);
}

/* A thread that dies with the lock. */
static void under_the_lock(void) {
    thread_t *dead;
    reset_calls();
    index_ = tsd_FlsAlloc(count_call);
    set.happened = 0;
    dead = thread_start(dies_under_the_lock, value_of(2));
    event_wait(&set);
    CHECK(tsd_thread_init(thread_structure(dead)) == 0);
    as_thread(thread_structure(dead), next_thread);
    thread_join(dead);
    CHECK(tsd_FlsSetValue(index_, value_of(1)) && tsd_FlsFree(index_) && calls == 2);
}

/* A value that FlsFree had not reached has its callback still, and the index is to be freed once more. */
static void in_free(void) {
    thread_t *first, *dead, *last;
    leave.happened = 0;
    reset_calls();
    index_ = other = tsd_FlsAlloc(die_in_callback);
    first = neighbour(1);
    last = neighbour(2);
    set.happened = 0;
    dead = thread_start(dies_in_free, NULL);
    event_wait(&set);
    CHECK(!tsd_FlsFree(other));
    CHECK(tsd_thread_init(thread_structure(dead)) == 0);
    thread_join(dead);
    CHECK(calls == 1 && tsd_FlsFree(other));
    CHECK(calls == 2 && calls_sum == (uintptr_t)value_of(1) + (uintptr_t)value_of(2));
    event_signal(&leave);
    thread_join(first);
    thread_join(last);
}

void test(void) {
    used_again(0);
    used_again(0xFF);
    under_the_lock();
    in_free();
}
