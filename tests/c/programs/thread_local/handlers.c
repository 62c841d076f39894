/* An interrupt handler uses a variable while its thread is making it: both have the same. So it is with two threads that
 * are the first to use one, and the thread that another one reaps. */
#include "emulation.h"

static variable_t first = {4, 4, 0, NULL}, others[40];
static int used, depth;
static void *handlers[40];
static event_t may_go_on, stopped;

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
    event_wait(&may_go_on);
    for (int i = 0; i < 40; i++) {
        CHECK(*(int *)address(&others[i]) == 0);
        *(int *)address(&others[i]) = i;
    }
    for (int i = 0; i < 40; i++) {
        CHECK(*(int *)address(&others[i]) == i);
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
    }
}

void test(void) {
    thread_t *threads[3], *dead;
    keys_kept = 1;
    for (int i = 0; i < 40; i++) {
        others[i].size = others[i].alignment = sizeof(int);
    }
    CHECK(run_thread(interrupted, NULL).calls == 1);
    CHECK(allocations > 40 && frees == allocations && failures == 0);
    for (int round = 0; round < 50; round++) {
        forget_numbers();
        may_go_on.happened = 0;
        for (int i = 0; i < 3; i++) {
            threads[i] = thread_start(race, NULL);
        }
        event_signal(&may_go_on);
        for (int i = 0; i < 3; i++) {
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
