/* Asynchronous cancellation: a thread that only computes is cancelled, with its cleanup handlers and destructors,
 * but not while cancellation is disabled. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int is_running, may_enable, cleaned, destroyed;
static pthread_key_t key;

static void clean(void *argument) {
    assert(argument == &key);
    cleaned++;
}

static void destroy(void *value) {
    assert(value == &key && cleaned == destroyed + 1);
    destroyed++;
}

static void *compute(void *argument) {
    int old;
    volatile double sum = 0;
    pthread_setspecific(key, &key);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    assert(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old) == 0 && old == PTHREAD_CANCEL_DEFERRED);
    pthread_cleanup_push(clean, &key);
    is_running = 1;
    while (!may_enable) {
        sum += 0.5;
    }
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    for (;;) {
        sum += 0.5;
    }
    pthread_cleanup_pop(0);
    return argument;
}

static void check(int enable_first) {
    pthread_t thread;
    void *result;
    is_running = 0;
    may_enable = enable_first;
    int before = cleaned;
    assert(pthread_create(&thread, NULL, compute, NULL) == 0);
    while (!is_running) {
        usleep(1000);
    }
    usleep(10000);
    assert(pthread_cancel(thread) == 0);
    if (!enable_first) {
        usleep(20000);
        assert(cleaned == before);
        may_enable = 1;
    }
    assert(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    assert(cleaned == before + 1 && destroyed == cleaned);
}

int main(void) {
    assert(pthread_key_create(&key, destroy) == 0);
    for (int i = 0; i < 10; i++) {
        check(1);
        check(0);
    }
    return 0;
}
