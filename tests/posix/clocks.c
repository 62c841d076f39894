/* Clocks go forward, sleeping takes its time, the time of day is the host's. */
#include <assert.h>
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double now(clockid_t clock) {
    struct timespec time;
    assert(clock_gettime(clock, &time) == 0 && time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(void) {
    double begin = now(CLOCK_MONOTONIC), last = begin;
    for (int i = 0; i < 10000; i++) {
        double next = now(CLOCK_MONOTONIC);
        assert(next >= last);
        last = next;
    }
    begin = now(CLOCK_MONOTONIC);
    assert(nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL) == 0);
    assert(now(CLOCK_MONOTONIC) - begin >= 0.03);

    struct timespec until = {.tv_sec = 0};
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    begin = now(CLOCK_MONOTONIC);
    assert(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
    assert(now(CLOCK_MONOTONIC) - begin >= 0.99);
    assert(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 2000000000}, NULL) == EINVAL);

    struct timeval day;
    /* The beginning of 2024. */
    assert(gettimeofday(&day, NULL) == 0 && day.tv_sec > 1704067200 && time(NULL) >= day.tv_sec);
    assert(clock_gettime((clockid_t)77, &until) == -1 && errno == EINVAL);
    return 0;
}
