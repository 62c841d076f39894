/* Condition variables: a bounded queue between producers and consumers, and a wait that times out. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

enum { PAIRS = 4, ITEMS = 1000, ROOM = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_room = PTHREAD_COND_INITIALIZER, has_items = PTHREAD_COND_INITIALIZER;
static int items;
static long produced, consumed;

static void *produce(void *argument) {
    for (int i = 1; i <= ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (items == ROOM) {
            pthread_cond_wait(&has_room, &mutex);
        }
        items++;
        produced += i;
        pthread_cond_signal(&has_items);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static void *consume(void *argument) {
    for (int i = 1; i <= ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (items == 0) {
            pthread_cond_wait(&has_items, &mutex);
        }
        items--;
        consumed += i;
        pthread_cond_signal(&has_room);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

int main(void) {
    pthread_t threads[2 * PAIRS];
    struct timespec before, after;
    for (int i = 0; i < 2 * PAIRS; i++) {
        assert(pthread_create(&threads[i], NULL, i % 2 ? produce : consume, NULL) == 0);
    }
    for (int i = 0; i < 2 * PAIRS; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    assert(produced == consumed && items == 0);

    clock_gettime(CLOCK_REALTIME, &before);
    after = before;
    after.tv_nsec += 50000000;
    if (after.tv_nsec >= 1000000000) {
        after.tv_nsec -= 1000000000;
        after.tv_sec++;
    }
    pthread_mutex_lock(&mutex);
    assert(pthread_cond_timedwait(&has_items, &mutex, &after) == ETIMEDOUT);
    clock_gettime(CLOCK_REALTIME, &before);
    assert(before.tv_sec > after.tv_sec || (before.tv_sec == after.tv_sec && before.tv_nsec >= after.tv_nsec));
    return 0;
}
