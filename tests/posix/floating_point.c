/* Floating-point registers are each thread's own, across preemption at any instruction. */
#include <assert.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>

enum { THREADS = 12, ROUNDS = 30 };

static double series(int seed) {
    double sum = seed, term = 1.0;
    float narrow = 0.5f;
    for (int i = 1; i < 20000; i++) {
        term = sqrt(term + seed) / (i + 0.25);
        narrow = narrow * 0.75f + (float)term;
        sum += term * sin(i * 0.001) + narrow;
    }
    return sum;
}

static void *run(void *argument) {
    int seed = *(int *)argument;
    int rounding = seed % 2 ? FE_UPWARD : FE_DOWNWARD;
    fesetround(rounding);
    double first = series(seed);
    for (int i = 0; i < ROUNDS; i++) {
        assert(series(seed) == first && fegetround() == rounding);
    }
    return argument;
}

int main(void) {
    pthread_t threads[THREADS];
    int seeds[THREADS];
    for (int i = 0; i < THREADS; i++) {
        seeds[i] = i + 1;
        assert(pthread_create(&threads[i], NULL, run, &seeds[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    assert(fegetround() == FE_TONEAREST);
    return 0;
}
