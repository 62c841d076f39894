/* pthread_exit() in main() runs its destructors; the program goes on, and ends with the last thread. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int has_run;
static pthread_key_t key;

static void destroy(void *value) {
    assert(value == &key);
    has_run = 1;
}

static void *watch(void *argument) {
    while (!has_run) {
        usleep(1000);
    }
    usleep(20000);
    return argument;
}

static void at_end(void) { _Exit(has_run ? 0 : 2); }

int main(void) {
    pthread_t thread;
    atexit(at_end);
    assert(pthread_key_create(&key, destroy) == 0 && pthread_setspecific(key, &key) == 0);
    assert(pthread_create(&thread, NULL, watch, NULL) == 0 && pthread_detach(thread) == 0);
    pthread_exit(NULL);
}
