/* errno: each thread has its own, and a destructor still has it. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_key_t key;
static int *addresses[2];
/* Both threads are there at once, so that they can't have one number after the other. */
static pthread_barrier_t both;

static void destroy(void *value) {
    assert(value == &key && errno == 1234);
    errno = 0;
    strtol("99999999999999999999999", NULL, 10);
    assert(errno == ERANGE);
}

static void *run(void *index) {
    assert(errno == 0);
    addresses[(long)index] = &errno;
    assert(close(99) == -1 && errno == EBADF);
    pthread_setspecific(key, &key);
    errno = 1234;
    usleep(10000);
    pthread_barrier_wait(&both);
    assert(errno == 1234);
    return NULL;
}

int main(void) {
    assert(pthread_key_create(&key, destroy) == 0);
    assert(pthread_barrier_init(&both, NULL, 2) == 0);
    errno = 5;
    for (int round = 0; round < 5; round++) {
        pthread_t threads[2];
        for (long i = 0; i < 2; i++) {
            assert(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
        }
        for (int i = 0; i < 2; i++) {
            assert(pthread_join(threads[i], NULL) == 0);
        }
        assert(addresses[0] != addresses[1] && addresses[0] != &errno);
    }
    assert(errno == 5);
    return 0;
}
