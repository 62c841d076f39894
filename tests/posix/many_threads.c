/* 200 threads alive at once, and thousands one after the other, joined or detached, each with a value. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { ALIVE = 200, IN_A_ROW = 3000 };

static pthread_key_t key;
static atomic_int destroyed, go;

static void destroy(void *value) {
    free(value);
    destroyed++;
}

static void *hold(void *argument) {
    pthread_setspecific(key, malloc(1000));
    while (!go) {
        usleep(2000);
    }
    return argument;
}

static void *pass(void *argument) {
    assert(pthread_getspecific(key) == NULL);
    pthread_setspecific(key, malloc(100));
    return argument;
}

int main(void) {
    static pthread_t threads[ALIVE];
    assert(pthread_key_create(&key, destroy) == 0);
    for (int i = 0; i < ALIVE; i++) {
        assert(pthread_create(&threads[i], NULL, hold, NULL) == 0);
    }
    go = 1;
    for (int i = 0; i < ALIVE; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    assert(destroyed == ALIVE);
    for (int i = 0; i < IN_A_ROW; i++) {
        pthread_t thread;
        assert(pthread_create(&thread, NULL, pass, NULL) == 0);
        assert((i % 2 ? pthread_join(thread, NULL) : pthread_detach(thread)) == 0);
    }
    while (destroyed < ALIVE + IN_A_ROW) {
        usleep(1000);
    }
    return 0;
}
