/* The return of main() is exit(): no key's destructor runs, also not those of other threads. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int is_set;
static pthread_key_t key;

static void destroy(void *value) {
    (void)value;
    _Exit(1);
}

static void *stay(void *argument) {
    pthread_setspecific(key, &key);
    is_set = 1;
    sleep(1000);
    return argument;
}

int main(void) {
    pthread_t thread;
    assert(pthread_key_create(&key, destroy) == 0 && pthread_setspecific(key, &key) == 0);
    assert(pthread_create(&thread, NULL, stay, NULL) == 0);
    while (!is_set) {
        usleep(1000);
    }
    return 0;
}
