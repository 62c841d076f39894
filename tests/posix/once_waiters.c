/*
 * Threads that wait for a once routine sleep meanwhile: with 100 of them, the routine takes little longer than alone.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* The routine sleeps often, and each time has to get a CPU back, for which waiters that spin would compete. */
enum { WAITERS = 100, SLEEPS = 20 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int arrived;
static long long alone_us, crowded_us;

static long long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static long long sleep_often(void) {
    long long start = now_us();
    for (int i = 0; i < SLEEPS; i++) {
        usleep(1000);
    }
    return now_us() - start;
}

static void routine(void) {
    while (arrived < WAITERS) {
        usleep(1000);
    }
    /* Those that have arrived are waiting by the end of this. */
    usleep(50000);
    crowded_us = sleep_often();
}

static void *wait_for_it(void *argument) {
    arrived++;
    assert(pthread_once(&once, routine) == 0 && crowded_us != 0);
    return argument;
}

static void *run_it(void *argument) {
    assert(pthread_once(&once, routine) == 0);
    return argument;
}

int main(void) {
    pthread_t runner, waiters[WAITERS];
    alone_us = sleep_often();
    assert(pthread_create(&runner, NULL, run_it, NULL) == 0);
    usleep(10000);
    for (int i = 0; i < WAITERS; i++) {
        assert(pthread_create(&waiters[i], NULL, wait_for_it, NULL) == 0);
    }
    for (int i = 0; i < WAITERS; i++) {
        assert(pthread_join(waiters[i], NULL) == 0);
    }
    assert(pthread_join(runner, NULL) == 0);
    printf("%d sleeps of 1 ms: %lld us alone, %lld us with %d waiters\n", SLEEPS, alone_us, crowded_us, WAITERS);
    assert(crowded_us < 4 * alone_us);
    return 0;
}
