/* pthread_key_create, pthread_setspecific, pthread_getspecific, pthread_key_delete: success and each error. */
#include "harness.h"

#include <errno.h>

static tsd_pthread_key_t keys[TSD_PTHREAD_KEYS_MAX];

static void body(void *argument) {
    CHECK(tsd_pthread_getspecific(keys[0]) == NULL);
    CHECK(tsd_pthread_setspecific(keys[0], argument) == 0);
    CHECK(tsd_pthread_getspecific(keys[0]) == argument);
}

void test(void) {
    tsd_pthread_key_t more;
    int i;
    CHECK(TSD_PTHREAD_KEYS_MAX == TSD_KEYS && TSD_PTHREAD_DESTRUCTOR_ITERATIONS == TSD_ROUNDS);
    CHECK(EINVAL == TSD_EINVAL && EAGAIN == TSD_EAGAIN && ENOMEM == TSD_ENOMEM && ESRCH == TSD_ESRCH);
    CHECK(EDEADLK == TSD_EDEADLK);
    for (i = 0; i < TSD_PTHREAD_KEYS_MAX; i++) {
        CHECK(tsd_pthread_key_create(&keys[i], count_call) == 0);
    }
    CHECK(tsd_pthread_key_create(&more, NULL) == EAGAIN);
    CHECK(tsd_pthread_key_create(NULL, NULL) == EINVAL);
    CHECK(HAS_CALLED(run_thread(body, value_of(1)), 1));
    CHECK(calls == 1 && calls_sum == (uintptr_t)value_of(1));
    CHECK(tsd_pthread_getspecific(keys[0]) == NULL);
    for (i = 0; i < TSD_PTHREAD_KEYS_MAX; i++) {
        CHECK(tsd_pthread_key_delete(keys[i]) == 0);
        CHECK(tsd_pthread_key_delete(keys[i]) == EINVAL);
        CHECK(tsd_pthread_setspecific(keys[i], NULL) == EINVAL);
        CHECK(tsd_pthread_getspecific(keys[i]) == NULL);
    }
    CHECK(tsd_pthread_key_delete((tsd_pthread_key_t)-1) == EINVAL);
    for (i = 0; i < 10000; i++) {
        CHECK(tsd_pthread_key_delete((tsd_pthread_key_t)i) == EINVAL);
    }
}
