/* The limits that sysconf() tells are those of <limits.h>, and those that hold. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

static pthread_key_t key;
static int calls;

static void set_again(void *value) {
    calls++;
    assert(pthread_setspecific(key, value) == 0);
}

static void *set(void *argument) {
    assert(pthread_setspecific(key, argument) == 0);
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_key_t last;
    long keys = sysconf(_SC_THREAD_KEYS_MAX), rounds = sysconf(_SC_THREAD_DESTRUCTOR_ITERATIONS);
    assert(keys == PTHREAD_KEYS_MAX && rounds == PTHREAD_DESTRUCTOR_ITERATIONS);

    assert(pthread_key_create(&key, set_again) == 0);
    assert(pthread_create(&thread, NULL, set, &thread) == 0 && pthread_join(thread, NULL) == 0);
    assert(calls == rounds);
    for (long i = 1; i < keys; i++) {
        assert(pthread_key_create(&last, NULL) == 0);
    }
    assert(pthread_key_create(&last, NULL) == EAGAIN);

    /* The others are the C library's. */
    errno = 0;
    assert(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_NPROCESSORS_ONLN) >= 1 && errno == 0);
    assert(sysconf(-1) == -1 && errno == EINVAL);
    return 0;
}
