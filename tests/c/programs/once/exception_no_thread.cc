/* An exception out of a routine that runs where no thread is current, as in early boot, gives the control back, too. */
#include "harness.h"

static tsd_once_t control = TSD_ONCE_INIT, inner = TSD_ONCE_INIT, outer = TSD_ONCE_INIT;

static void returns(void) { calls++; }

static void throws() {
    calls++;
    throw calls;
}

static void nests() {
    calls++;
    CHECK(tsd_once(&inner, throws) == 0);
}

/* One that lives on: its control stays as it is while that of the routine inside is given back. */
static void catches() {
    int caught = 0;
    try {
        tsd_once(&control, nests);
    } catch (int number) {
        caught = number;
    }
    CHECK(caught == 2 && control == 0 && inner == 0 && outer != 0);
    CHECK(tsd_once(&inner, returns) == 0);
}

static void in_early_boot() { CHECK(tsd_once(&outer, catches) == 0); }

static void waits(void *) {
    CHECK(tsd_once(&control, returns) == 0);
    CHECK(tsd_once(&outer, throws) == 0 && tsd_once(&inner, throws) == 0);
}

/* Several stacks on which no thread is current. */
static void throw_often() {
    for (int i = 0; i < 1000; i++) {
        tsd_once_t own = TSD_ONCE_INIT;
        try {
            tsd_once(&own, [] { throw 7; });
            CHECK(!"came back");
        } catch (int number) {
            CHECK(number == 7 && own == 0);
        }
    }
}

static void without(void *) { without_thread(throw_often); }

/* A thread's routine around one that runs where there is no thread. */
static void loses_thread() { without_thread(throw_often); }

void test(void) {
    without_thread(in_early_boot);
    CHECK(calls == 3);
    run_thread(waits, nullptr);
    CHECK(calls == 4);
    thread_t *threads[4];
    for (auto &thread : threads) {
        thread = thread_start(without, nullptr);
    }
    for (auto *thread : threads) {
        thread_join(thread);
    }
    tsd_once_t around = TSD_ONCE_INIT;
    CHECK(tsd_once(&around, loses_thread) == 0 && around != 0);
    CHECK(tsd_once(&around, throws) == 0 && calls == 4);
}
