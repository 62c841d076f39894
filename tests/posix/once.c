/* pthread_once: many arrive, one runs the routine, nobody returns before it is complete. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS = 16 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_once_t recursive = PTHREAD_ONCE_INIT;
static atomic_int calls, complete;
static int inner;

static void slowly(void) {
    calls++;
    usleep(20000);
    complete = 1;
}

static void again(void) { inner = pthread_once(&recursive, again); }

static void *arrive(void *argument) {
    assert(pthread_once(&once, slowly) == 0);
    assert(complete == 1);
    return argument;
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_create(&threads[i], NULL, arrive, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    assert(calls == 1);
    assert(pthread_once(&recursive, again) == 0 && inner == EDEADLK);
    return 0;
}
