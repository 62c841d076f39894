/* An interrupt handler uses a variable while its thread is making it: both have the same. So it is with two threads that
 * are the first to use one, and the thread that another one reaps. */
#include "emulation.h"

static variable_t first = {4, 4, 0, NULL}, others[40];
static int used, depth;
static void *handlers[40];
static int arrived[40];
static event_t stopped;

static void *address(variable_t *variable) { return tsd___emutls_get_address(variable); }

/* Comes in the middle of an allocation, and makes none worse by coming in its own. */
static void handler(void) {
    if (depth++ == 0) {
        handlers[used] = address(&others[used]);
        *(int *)handlers[used] = used;
    }
    depth--;
}

static void interrupted(void *argument) {
    CHECK(address(&first) == address(&first));
    on_allocation = handler;
    for (used = 0; used < 40; used++) {
        CHECK(address(&others[used]) == handlers[used] && *(int *)handlers[used] == used);
    }
    on_allocation = NULL;
    (void)argument;
}

static void race(void *argument) {
    int *mine[40];
    for (int i = 0; i < 40; i++) {
        /* Both at once, as far as may be. */
        __atomic_fetch_add(&arrived[i], 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&arrived[i], __ATOMIC_SEQ_CST) < 2) {
            thread_yield();
        }
        mine[i] = address(&others[i]);
        CHECK(*mine[i] == 0);
        *mine[i] = i;
    }
    for (int i = 0; i < 40; i++) {
        CHECK(address(&others[i]) == mine[i] && *mine[i] == i);
    }
    (void)argument;
}

static void vanish(void *argument) {
    CHECK(address(&first) != argument);
    event_signal(&stopped);
    thread_vanish();
}

static void reap(void) {
    tsd_exit_report_t report;
    tsd_thread_reap(&report);
    CHECK(report.calls == 1 && report.left_over == 0);
}

static void forget_numbers(void) {
    for (int i = 0; i < 40; i++) {
        others[i].number = 0;
        arrived[i] = 0;
    }
}

void test(void) {
    thread_t *threads[2], *dead;
    keys_kept = 1;
    for (int i = 0; i < 40; i++) {
        others[i].size = others[i].alignment = sizeof(int);
    }
    CHECK(run_thread(interrupted, NULL).calls == 1);
    CHECK(allocations > 40 && frees == allocations && failures == 0);
    for (int round = 0; round < 50; round++) {
        forget_numbers();
        for (int i = 0; i < 2; i++) {
            threads[i] = thread_start(race, NULL);
        }
        for (int i = 0; i < 2; i++) {
            CHECK(thread_join(threads[i]).calls == 1);
        }
        CHECK(frees == allocations && failures == 0);
    }
    dead = thread_start(vanish, NULL);
    event_wait(&stopped);
    CHECK(frees == allocations - 2);
    as_thread(thread_structure(dead), reap);
    CHECK(frees == allocations);
    thread_join(dead);
}
