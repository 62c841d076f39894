/* What POSIX leaves undefined or to the implementation gets an error here, not a fault. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void nothing(void) {}

int main(void) {
    pthread_key_t key;
    assert(pthread_key_create(&key, NULL) == 0 && pthread_key_delete(key) == 0);
    assert(pthread_key_delete(key) == EINVAL && pthread_setspecific(key, &key) == EINVAL);
    assert(pthread_getspecific(key) == NULL && pthread_getspecific((pthread_key_t)-1) == NULL);
    assert(pthread_setspecific(0, NULL) == EINVAL && pthread_key_delete((pthread_key_t)-1) == EINVAL);
#pragma GCC diagnostic ignored "-Wnonnull"
    assert(pthread_key_create(NULL, NULL) == EINVAL);
    assert(pthread_once(NULL, nothing) == EINVAL && pthread_once(&once, NULL) == EINVAL);
    for (unsigned small = 0; small < 1000; small++) {
        /* errno's own key is a live one. */
        if (pthread_getspecific(small) == NULL) {
            (void)pthread_key_delete(small);
        }
    }
    assert(pthread_key_create(&key, NULL) == 0 && pthread_setspecific(key, &key) == 0);
    assert(pthread_getspecific(key) == &key);
    return 0;
}
