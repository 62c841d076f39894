/* call_once: once; nothing happens for NULL and for a function that calls it again. */
#include "harness.h"

static tsd_once_flag flag = TSD_ONCE_FLAG_INIT;

static void function(void) {
    tsd_call_once(&flag, function);
    calls++;
}

void test(void) {
    tsd_call_once(NULL, function);
    tsd_call_once(&flag, NULL);
    CHECK(calls == 0);
    tsd_call_once(&flag, function);
    tsd_call_once(&flag, function);
    CHECK(calls == 1);
}
