/* C11: threads, storage with destructors at thrd_exit() and at return, call_once, mutexes, conditions. */
#include <assert.h>
#include <stdatomic.h>
#include <threads.h>
#include <time.h>

static once_flag flag = ONCE_FLAG_INIT;
static atomic_int calls, destroyed;
static tss_t storage, from_destructor;
static mtx_t mutex;
static cnd_t condition;
static int turn;

static void initialise(void) { calls++; }

static void destroy(void *value) {
    assert(value == &storage && tss_get(storage) == NULL);
    if (destroyed++ == 0) {
        assert(tss_create(&from_destructor, NULL) == thrd_success);
    }
}

static int run(void *argument) {
    int number = *(int *)argument;
    call_once(&flag, initialise);
    assert(tss_get(storage) == NULL && tss_set(storage, &storage) == thrd_success);
    mtx_lock(&mutex);
    while (turn != number) {
        cnd_wait(&condition, &mutex);
    }
    turn++;
    cnd_broadcast(&condition);
    mtx_unlock(&mutex);
    if (number % 2) {
        thrd_exit(number);
    }
    return number;
}

int main(void) {
    enum { THREADS = 8 };
    thrd_t threads[THREADS];
    int numbers[THREADS], result;
    assert(tss_create(&storage, destroy) == thrd_success);
    assert(mtx_init(&mutex, mtx_timed) == thrd_success && cnd_init(&condition) == thrd_success);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert(thrd_create(&threads[i], run, &numbers[i]) == thrd_success);
    }
    for (int i = 0; i < THREADS; i++) {
        assert(thrd_join(threads[i], &result) == thrd_success && result == i);
    }
    assert(calls == 1 && destroyed == THREADS && turn == THREADS);
    tss_delete(storage);
    assert(tss_set(storage, &storage) == thrd_error);

    struct timespec time;
    assert(timespec_get(&time, TIME_UTC) == TIME_UTC);
    assert(mtx_lock(&mutex) == thrd_success && cnd_timedwait(&condition, &mutex, &time) == thrd_timedout);
    assert(thrd_equal(thrd_current(), thrd_current()));
    thrd_yield();
    return 0;
}
