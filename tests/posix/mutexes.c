/* Mutexes of every type, with their errors, and exclusion under contention. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

enum { THREADS = 8, ROUNDS = 5000 };

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, checked, recursive;
static long count;

static void *add(void *argument) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&plain);
        count++;
        pthread_mutex_unlock(&plain);
    }
    return argument;
}

static void *try_others(void *argument) {
    struct timespec soon;
    assert(pthread_mutex_unlock(&checked) == EPERM);
    assert(pthread_mutex_trylock(&recursive) == EBUSY);
    clock_gettime(CLOCK_REALTIME, &soon);
    assert(pthread_mutex_timedlock(&recursive, &soon) == ETIMEDOUT);
    return argument;
}

static void init(pthread_mutex_t *mutex, int type) {
    pthread_mutexattr_t attributes;
    assert(pthread_mutexattr_init(&attributes) == 0 && pthread_mutexattr_settype(&attributes, type) == 0);
    assert(pthread_mutex_init(mutex, &attributes) == 0 && pthread_mutexattr_destroy(&attributes) == 0);
}

int main(void) {
    pthread_t threads[THREADS], other;
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_create(&threads[i], NULL, add, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    assert(count == (long)THREADS * ROUNDS);

    init(&checked, PTHREAD_MUTEX_ERRORCHECK);
    init(&recursive, PTHREAD_MUTEX_RECURSIVE);
    assert(pthread_mutex_lock(&checked) == 0 && pthread_mutex_lock(&checked) == EDEADLK);
    assert(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
    assert(pthread_create(&other, NULL, try_others, NULL) == 0 && pthread_join(other, NULL) == 0);
    assert(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
    assert(pthread_mutex_unlock(&checked) == 0 && pthread_mutex_destroy(&checked) == 0);
    return 0;
}
