/* A thread that is killed in any hook that FlsSetValue calls, under the lock or not, and whose exit runs. */
#include "harness.h"

static uint32_t index_;
static int hook_calls, last_call, was_killed;

static void die(void) {
    if (++hook_calls == last_call) {
        was_killed = 1;
        thread_on_hook(NULL);
        thread_exit();
    }
}

static void body(void *argument) {
    hook_calls = was_killed = 0;
    thread_on_hook(die);
    CHECK(tsd_FlsSetValue(index_, argument));
    thread_on_hook(NULL);
}

void test(void) {
    last_call = 0;
    do {
        last_call++;
        reset_calls();
        index_ = tsd_FlsAlloc(count_call);
        CHECK(tsd_FlsSetValue(index_, value_of(1)));
        /* Either it was killed before it had a value, or it has one that its exit destroys. */
        run_thread(body, value_of(2));
        CHECK(calls == (was_killed ? 0 : 1));
        CHECK(tsd_FlsSetValue(index_, value_of(3)));
        reset_calls();
        CHECK(tsd_FlsFree(index_) && calls == 1 && calls_sum == (uintptr_t)value_of(3));
    } while (was_killed);
    /* One of the calls at least was made under the lock. */
    CHECK(last_call > 2);
}
