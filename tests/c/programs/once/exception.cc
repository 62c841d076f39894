/* An exception out of the routine reaches the caller, and the control is as if never called. */
#include "harness.h"

static tsd_once_t control = TSD_ONCE_INIT, inner = TSD_ONCE_INIT;
static tsd_once_t flag = TSD_ONCE_INIT;
static int destroyed;

struct counts_destruction {
    ~counts_destruction() { destroyed++; }
};

static void throws() {
    counts_destruction local;
    calls++;
    if (calls < 3) {
        throw calls;
    }
}

static void nests() {
    counts_destruction local;
    CHECK(tsd_once(&inner, throws) == 0);
}

static void waits(void *) {
    CHECK(tsd_pthread_once(&control, throws) == 0);
    CHECK(calls == 3);
}

void test(void) {
    int caught = 0;
    try {
        tsd_once(&control, nests);
    } catch (int number) {
        caught = number;
    }
    CHECK(caught == 1 && destroyed == 2);
    try {
        tsd_pthread_once(&control, throws);
    } catch (int number) {
        caught = number;
    }
    CHECK(caught == 2 && destroyed == 3);
    run_thread(waits, nullptr);
    CHECK(tsd_once(&control, throws) == 0 && tsd_once(&inner, throws) == 0 && calls == 4);
    calls = 0;
    try {
        tsd_call_once(&flag, throws);
    } catch (int number) {
        caught = number;
    }
    CHECK(caught == 1 && flag == TSD_ONCE_INIT);
}
