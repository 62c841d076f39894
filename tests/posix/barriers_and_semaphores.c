/* Barriers let all go at once and name one thread; semaphores count. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { THREADS = 6, ROUNDS = 200 };

static pthread_barrier_t barrier;
static sem_t two;
static atomic_int arrived, named, inside, most;

static void *run(void *argument) {
    for (int round = 1; round <= ROUNDS; round++) {
        arrived++;
        int result = pthread_barrier_wait(&barrier);
        assert(arrived >= round * THREADS);
        assert(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
        named += result == PTHREAD_BARRIER_SERIAL_THREAD;
        pthread_barrier_wait(&barrier);

        assert(sem_wait(&two) == 0);
        int now = ++inside;
        if (now > most) {
            most = now;
        }
        inside--;
        assert(sem_post(&two) == 0);
    }
    return argument;
}

int main(void) {
    pthread_t threads[THREADS];
    int value;
    assert(pthread_barrier_init(&barrier, NULL, THREADS) == 0 && sem_init(&two, 0, 2) == 0);
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_create(&threads[i], NULL, run, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    assert(named == ROUNDS && most <= 2);
    assert(sem_getvalue(&two, &value) == 0 && value == 2);
    assert(sem_wait(&two) == 0 && sem_trywait(&two) == 0 && sem_trywait(&two) == -1 && errno == EAGAIN);
    return 0;
}
