/*
 * Threads that are killed while they wait for the lock, and when they have given it back but not yet woken those that
 * wait: their exit wakes them.
 */
#include "harness.h"

static uint32_t index_;
static int hook_calls, waits;
static event_t has_lock, is_waiting, is_dead;

/* The owner's second call is under the lock, where it stays until somebody waits; the third is the one to wake. */
static void in_hook_of_owner(void) {
    hook_calls++;
    if (hook_calls == 2) {
        event_signal(&has_lock);
        event_wait(&is_waiting);
    } else if (hook_calls == 3) {
        thread_on_hook(NULL);
        thread_exit();
    }
}

static void owner(void *argument) {
    thread_on_hook(in_hook_of_owner);
    tsd_FlsSetValue(index_, argument);
    CHECK(!"it had to die");
}

/* The waiter's second call is the one to wait. */
static void in_hook_of_waiter(void) {
    if (++waits == 2) {
        thread_on_hook(NULL);
        event_signal(&is_waiting);
    }
}

static void waiter(void *argument) {
    event_wait(&has_lock);
    thread_on_hook(in_hook_of_waiter);
    CHECK(tsd_FlsSetValue(index_, argument) && waits >= 2);
}

static void in_hook_of_victim(void) {
    if (++waits == 2) {
        thread_on_hook(NULL);
        thread_exit();
    }
}

static void victim(void *argument) {
    event_wait(&has_lock);
    thread_on_hook(in_hook_of_victim);
    tsd_FlsSetValue(index_, argument);
    CHECK(!"it had to die");
}

static void stay_until_dead(void) {
    if (++hook_calls == 2) {
        event_signal(&has_lock);
        event_wait(&is_dead);
    }
}

static void stays(void *argument) {
    thread_on_hook(stay_until_dead);
    CHECK(tsd_FlsSetValue(index_, argument));
    thread_on_hook(NULL);
}

void test(void) {
    thread_t *first, *second;
    index_ = tsd_FlsAlloc(count_call);
    second = thread_start(waiter, value_of(2));
    first = thread_start(owner, value_of(1));
    CHECK(thread_join(first).calls == 1 && thread_join(second).calls == 1);

    reset_calls();
    hook_calls = waits = has_lock.happened = 0;
    second = thread_start(victim, value_of(3));
    first = thread_start(stays, value_of(4));
    CHECK(thread_join(second).calls == 0);
    event_signal(&is_dead);
    CHECK(thread_join(first).calls == 1 && calls == 1);
    CHECK(tsd_FlsFree(index_) && calls == 1);
}
