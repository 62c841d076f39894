/* A full list gives a non-zero return, and what was registered before runs. */
#include "harness.h"

static void body(void *) {
    for (int i = 0; i < TSD_EXIT_FUNCTIONS; i++) {
        CHECK(tsd___cxa_thread_atexit(count_call, value_of(1), nullptr) == 0);
    }
    CHECK(tsd___cxa_thread_atexit(count_call, value_of(1), nullptr) != 0);
    CHECK(tsd___cxa_thread_atexit_impl(count_call, value_of(1), nullptr) != 0);
    CHECK(tsd___cxa_thread_atexit(nullptr, nullptr, nullptr) != 0);
}

void test(void) {
    CHECK(run_thread(body, nullptr).functions == TSD_EXIT_FUNCTIONS);
    CHECK(calls == TSD_EXIT_FUNCTIONS);
}
