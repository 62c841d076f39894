/* A destructor that sets its value again is called in as many rounds as the program was built for. */
#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

/* As many as an archive has if nobody says. */
#ifndef ROUNDS
#define ROUNDS 4
#endif

static pthread_key_t key;
static int calls;

static void set_again(void *value) {
    calls++;
    assert(pthread_setspecific(key, value) == 0);
}

static void *run(void *argument) {
    assert(pthread_setspecific(key, &key) == 0);
    return argument;
}

int main(void) {
    pthread_t thread;
    assert(pthread_key_create(&key, set_again) == 0);
    assert(pthread_create(&thread, NULL, run, NULL) == 0 && pthread_join(thread, NULL) == 0);
    assert(calls == ROUNDS && PTHREAD_DESTRUCTOR_ITERATIONS == ROUNDS);
    assert(sysconf(_SC_THREAD_DESTRUCTOR_ITERATIONS) == calls);
    return 0;
}
