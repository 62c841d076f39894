/* A thread that is cancelled inside a once routine leaves the control as if never called; waiting for the routine is no
 * cancellation point. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int calls, is_inside, may_end, waiter_went_on;

static void routine(void) {
    if (calls++ == 0) {
        is_inside = 1;
        for (;;) {
            usleep(1000);
        }
    }
    while (!may_end) {
        /* A routine that does nothing but wait for the test, at no cancellation point. */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}

static void *run(void *argument) {
    pthread_once(&once, routine);
    return argument;
}

static void *wait_for_it(void *argument) {
    assert(pthread_once(&once, routine) == 0);
    waiter_went_on = 1;
    pthread_testcancel();
    return argument;
}

int main(void) {
    pthread_t first, second, waiter;
    void *result;
    assert(pthread_create(&first, NULL, run, NULL) == 0);
    while (!is_inside) {
        usleep(1000);
    }
    assert(pthread_cancel(first) == 0 && pthread_join(first, &result) == 0 && result == PTHREAD_CANCELED);

    assert(pthread_create(&second, NULL, run, &second) == 0);
    while (calls < 2) {
        usleep(1000);
    }
    assert(pthread_create(&waiter, NULL, wait_for_it, NULL) == 0);
    usleep(20000);
    assert(pthread_cancel(waiter) == 0);
    usleep(20000);
    assert(!waiter_went_on);
    may_end = 1;
    assert(pthread_join(second, &result) == 0 && result == &second);
    assert(pthread_join(waiter, &result) == 0 && result == PTHREAD_CANCELED && waiter_went_on);
    assert(calls == 2);
    return 0;
}
