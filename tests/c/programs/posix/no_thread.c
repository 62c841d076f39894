/* Where no thread is current: NULL and ESRCH. */
#include "harness.h"

#include <errno.h>

static tsd_pthread_key_t key;

static void in_interrupt(void) {
    CHECK(tsd_pthread_getspecific(key) == NULL);
    CHECK(tsd_pthread_setspecific(key, value_of(1)) == ESRCH);
}

void test(void) {
    CHECK(tsd_pthread_key_create(&key, NULL) == 0);
    without_thread(in_interrupt);
    CHECK(tsd_pthread_getspecific(key) == NULL);
    CHECK(tsd_pthread_key_delete(key) == 0);
}
