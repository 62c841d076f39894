/* Thread attributes: detached, stack size, the smallest stack, an own stack. */
#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int has_run;
static char own[65536] __attribute__((aligned(4096)));

static void *note(void *argument) {
    has_run = 1;
    return argument;
}

static void *use_little(void *argument) {
    usleep(5000);
    for (volatile int i = 0; i < 3000000; i++) {
    }
    return argument;
}

static void *use_much(void *argument) {
    volatile char large[200000];
    for (unsigned i = 0; i < sizeof large; i++) {
        large[i] = (char)i;
    }
    return large[77] == 77 ? argument : NULL;
}

static void *find_stack(void *argument) {
    char here;
    assert((uintptr_t)&here >= (uintptr_t)own && (uintptr_t)&here < (uintptr_t)own + sizeof own);
    return argument;
}

static void run(pthread_attr_t *attributes, void *(*start)(void *)) {
    pthread_t thread;
    void *result;
    assert(pthread_create(&thread, attributes, start, &result) == 0);
    assert(pthread_join(thread, &result) == 0 && result == &result);
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    size_t size;
    int state;
    assert(pthread_attr_init(&attributes) == 0);
    assert(pthread_attr_getdetachstate(&attributes, &state) == 0 && state == PTHREAD_CREATE_JOINABLE);
    assert(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) == 0);
    assert(pthread_attr_getstacksize(&attributes, &size) == 0 && size == PTHREAD_STACK_MIN);
    run(&attributes, use_little);
    assert(pthread_attr_setstacksize(&attributes, 300000) == 0);
    run(&attributes, use_much);
    assert(pthread_attr_setstack(&attributes, own, sizeof own) == 0);
    run(&attributes, find_stack);

    assert(pthread_attr_init(&attributes) == 0);
    assert(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    assert(pthread_create(&thread, &attributes, note, NULL) == 0);
    while (!has_run) {
        usleep(1000);
    }
    assert(pthread_equal(pthread_self(), pthread_self()));
    return 0;
}
