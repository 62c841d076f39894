/* Deferred cancellation: in a join, a sleep, a condition variable, a semaphore and pthread_testcancel(), not while
 * it is disabled. */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t empty;
static atomic_int is_waiting, has_passed;

static void unlock(void *argument) { pthread_mutex_unlock(argument); }

static void *sleep_long(void *argument) {
    is_waiting = 1;
    sleep(1000);
    return argument;
}

static void *wait_condition(void *argument) {
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    is_waiting = 1;
    for (;;) {
        pthread_cond_wait(&never, &mutex);
    }
    pthread_cleanup_pop(1);
    return argument;
}

static void *wait_semaphore(void *argument) {
    is_waiting = 1;
    sem_wait(&empty);
    return argument;
}

static void *spin(void *argument) {
    is_waiting = 1;
    for (;;) {
        pthread_testcancel();
    }
    return argument;
}

static void *join_self_never(void *argument) {
    is_waiting = 1;
    pthread_join(*(pthread_t *)argument, NULL);
    return argument;
}

static void *refuse(void *argument) {
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    assert(old == PTHREAD_CANCEL_ENABLE);
    is_waiting = 1;
    usleep(50000);
    pthread_testcancel();
    has_passed = 1;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    return argument;
}

static void check(void *(*start)(void *), void *argument) {
    pthread_t thread;
    void *result;
    is_waiting = 0;
    assert(pthread_create(&thread, NULL, start, argument) == 0);
    while (!is_waiting) {
        usleep(1000);
    }
    usleep(5000);
    assert(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
    assert(result == PTHREAD_CANCELED);
}

int main(void) {
    pthread_t sleeper;
    assert(sem_init(&empty, 0, 0) == 0);
    check(sleep_long, NULL);
    check(wait_condition, NULL);
    assert(pthread_mutex_trylock(&mutex) == 0);
    check(wait_semaphore, NULL);
    check(spin, NULL);
    check(refuse, NULL);
    assert(has_passed);
    assert(pthread_create(&sleeper, NULL, sleep_long, NULL) == 0);
    check(join_self_never, &sleeper);
    assert(pthread_cancel(sleeper) == 0 && pthread_join(sleeper, NULL) == 0);
    return 0;
}
