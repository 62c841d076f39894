/*
 * A once control with newlib's own initialiser, {1, 0}, where <tsd/pthread.h> was not included; with it, PTHREAD_ONCE_INIT is
 * another one.
 */
#include <stdio.h>
#include <stdlib.h>

#include <tsd.h>

#ifdef WITHOUT_HEADER
static struct {
    tsd_once_t is_initialized, init_executed;
} control = {1, 0};
#else
static struct {
    tsd_once_t first, second;
} control = {TSD_ONCE_INIT, 0};
#endif

static tsd_thread_t thread;

tsd_thread_t *tsd_current(void) { return &thread; }

void tsd_wait(const uint32_t *word, uint32_t expected) {
    printf("waits for a routine that nobody runs: %u, %u\n", (unsigned)*word, (unsigned)expected);
    exit(1);
}
void tsd_wake(const uint32_t *word) { (void)word; }

static void routine(void) { printf("the routine runs\n"); }

int main(void) { return tsd_once((tsd_once_t *)&control, routine); }
