/* errno can't be taken away: a program that deletes every key it can name still has an errno for each thread. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

static int *of_main;

static void *run(void *argument) {
    assert(&errno != of_main && errno == 0);
    assert(close(99) == -1 && errno == EBADF);
    usleep(1000);
    assert(errno == EBADF);
    return argument;
}

static void check(void) {
    pthread_t thread;
    errno = 1234;
    assert(&errno == of_main);
    assert(pthread_create(&thread, NULL, run, NULL) == 0 && pthread_join(thread, NULL) == 0);
    assert(errno == 1234);
}

int main(void) {
    static pthread_key_t keys[PTHREAD_KEYS_MAX];
    of_main = &errno;
    check();
    for (unsigned number = 0; number < 1 << 18; number++) {
        assert(pthread_key_delete((pthread_key_t)number) == EINVAL);
    }
    check();
    /* With all of a program's own keys. */
    for (int i = 0; i < PTHREAD_KEYS_MAX; i++) {
        assert(pthread_key_create(&keys[i], NULL) == 0);
    }
    check();
    for (int i = 0; i < PTHREAD_KEYS_MAX; i++) {
        assert(pthread_key_delete(keys[i]) == 0);
    }
    check();
    return 0;
}
