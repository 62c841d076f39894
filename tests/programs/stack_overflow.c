/* A thread that leaves its stack ends the run with a report, and spoils nobody else's memory. Exits with status 2 */
#include <pthread.h>
#include <stdlib.h>

static int recurse(volatile int depth) {
    volatile char frame[1000];
    frame[0] = (char)depth;
    return recurse(depth + 1) + frame[0];
}

static void *run(void *argument) {
    recurse(0);
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    return 1;
}
