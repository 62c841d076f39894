/* What the parts of the measuring program share. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Keeps the compiler from knowing the value, and from moving memory accesses past this point. */
#define HIDE(value) __asm__ volatile("" : "+r"(value) : : "memory")

typedef void (*destructor_t)(void *);

/* One implementation, for one capacity. The loops call it directly, as a program that is linked with it does. */
typedef struct {
    const char *name;
    unsigned capacity;
    void *(*get)(unsigned);
    int (*set)(unsigned, const void *);
    int (*create)(unsigned *, destructor_t);
    int (*delete)(unsigned);
    /* NULL where it can't be called. */
    void (*exit)(void);
    double (*time_get)(unsigned key, size_t count);
    double (*time_set)(unsigned key, size_t count);
    double (*time_create)(size_t count);
} api_t;

static inline void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "measure: %s failed\n", what);
        exit(1);
    }
}

/* Processor time, so that a busy machine disturbs little. */
#define CLOCK CLOCK_THREAD_CPUTIME_ID

static inline double nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* A clock for spans of a few nanoseconds; how long one of its ticks is, and how many an empty span takes. */
static inline uint64_t ticks(void)
{
#if defined __x86_64__
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
#elif defined __aarch64__
    uint64_t now;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(now) : : "memory");
    return now;
#endif
}

extern double tick_nanoseconds, tick_overhead;

/* For qsort(). */
static inline int ascending_spans(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The mean of the spans, which it sorts, but for those of more than twice the median: one that was interrupted is no
 * measurement. A mean, because some processors' clocks tick every ten nanoseconds only. In nanoseconds, without what an empty
 * span takes. */
static inline double mean_of_spans(uint64_t *spans, size_t count)
{
    qsort(spans, count, sizeof *spans, ascending_spans);
    uint64_t most = 2 * spans[count / 2];
    double sum = 0;
    size_t counted = 0;
    while (counted < count && spans[counted] <= most)
        sum += (double)spans[counted++];
    double mean = sum / (double)counted - tick_overhead;
    return (mean > 0 ? mean : 0) * tick_nanoseconds;
}

/* A destructor, and how often it was called. */
void destroy(void *value);
extern volatile unsigned destroyed;

/* threads.c: gives the calling thread what each implementation keeps of a thread, and takes it back. */
void give_block(void);
void take_block(void);

/* Nanoseconds of processor time a call, the mean of several threads that call at once. */
double time_threads(const api_t *api, unsigned key, unsigned threads, int create, size_t count);

/* One call while every other processor creates, sets, gets and deletes keys of the same table without a pause. */
enum contended { CONTENDED_GET, CONTENDED_SET, CONTENDED_CREATE, CONTENDED_DELETE, CONTENDED_EXIT };

/* Nanoseconds that so many per cent of the calls take at most; with 0, their mean. */
double time_contended(const api_t *api, enum contended call, unsigned percentile, size_t count);

#endif
