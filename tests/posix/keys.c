/* Keys through the standard names: creation to the limit, values of each thread, destructors in rounds, deletion. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_key_t keys[PTHREAD_KEYS_MAX];
static pthread_key_t again, gone;
static int again_calls, gone_calls;

static void set_again(void *value) {
    assert(pthread_getspecific(again) == NULL);
    again_calls++;
    pthread_setspecific(again, value);
}

static void count_gone(void *value) {
    (void)value;
    gone_calls++;
}

static void *use(void *argument) {
    assert(pthread_getspecific(again) == NULL && pthread_getspecific(gone) == NULL);
    assert(pthread_setspecific(again, argument) == 0);
    assert(pthread_setspecific(gone, argument) == 0);
    assert(pthread_key_delete(gone) == 0);
    assert(pthread_getspecific(gone) == NULL);
    assert(pthread_setspecific(gone, argument) == EINVAL);
    return argument;
}

int main(void) {
    for (int i = 0; i < PTHREAD_KEYS_MAX; i++) {
        assert(pthread_key_create(&keys[i], NULL) == 0 && keys[i] != 0);
    }
    assert(pthread_key_create(&again, NULL) == EAGAIN);
    for (int i = 0; i < PTHREAD_KEYS_MAX; i++) {
        assert(pthread_key_delete(keys[i]) == 0);
    }
    assert(pthread_key_delete(keys[0]) == EINVAL && pthread_key_delete(0) == EINVAL);

    pthread_t thread;
    void *result;
    assert(pthread_key_create(&again, set_again) == 0 && pthread_key_create(&gone, count_gone) == 0);
    assert(pthread_create(&thread, NULL, use, &thread) == 0);
    assert(pthread_join(thread, &result) == 0 && result == &thread);
    assert(again_calls == PTHREAD_DESTRUCTOR_ITERATIONS && gone_calls == 0);
    assert(pthread_getspecific(again) == NULL);
    return 0;
}
