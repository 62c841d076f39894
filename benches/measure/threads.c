/* What takes several threads: the same calls at once, and one thread's calls while the others keep the table busy. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "archive.h"
#include "measure.h"

extern const size_t MEASURE_BLOCK_BYTES;
_Thread_local void *measure_block;

void give_block(void)
{
    measure_block = calloc(1, MEASURE_BLOCK_BYTES);
    need(measure_block != NULL && hook_begin(), "calloc");
#ifdef ARCHIVE_SUFFIX
    need(archive_begin(), "calloc");
#endif
}

void take_block(void)
{
    free(measure_block);
    hook_end();
#ifdef ARCHIVE_SUFFIX
    archive_end();
#endif
}

/* --- the same calls at once ------------------------------------------------------------------------------------- */

typedef struct {
    const api_t *api;
    unsigned key;
    size_t count;
    int create;
    pthread_barrier_t *start;
    double cost;
} worker_t;

static void *work(void *argument)
{
    worker_t *worker = argument;
    give_block();
    worker->api->set(worker->key, worker);
    pthread_barrier_wait(worker->start);
    double start = nanoseconds(CLOCK);
    if (worker->create) {
        worker->api->time_create(worker->count);
    } else {
        worker->api->time_get(worker->key, worker->count);
        worker->api->time_set(worker->key, worker->count);
    }
    worker->cost = (nanoseconds(CLOCK) - start) / (double)worker->count;
    worker->api->set(worker->key, NULL);
    if (worker->api->exit != NULL)
        worker->api->exit();
    take_block();
    return NULL;
}

double time_threads(const api_t *api, unsigned key, unsigned threads, int create, size_t count)
{
    pthread_t ids[8];
    worker_t workers[8];
    pthread_barrier_t start;
    double cost = 0;
    pthread_barrier_init(&start, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (worker_t){api, key, count, create, &start, 0};
        need(pthread_create(&ids[i], NULL, work, &workers[i]) == 0, "pthread_create");
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        cost += workers[i].cost / threads;
    }
    pthread_barrier_destroy(&start);
    return cost;
}

/* --- a busy table --------------------------------------------------------------------------------------------------- */

/* A call of BATCHED is too short for a look at the clock before and behind it. */
enum { MOST_BUSY = 7, EXIT_VALUES = 8, MOST_SPANS = 4096, BATCHED = 32 };

typedef struct {
    const api_t *api;
    pthread_barrier_t *start;
    volatile int *stop;
} busy_t;

static void *keep_busy(void *argument)
{
    const busy_t *busy = argument;
    give_block();
    pthread_barrier_wait(busy->start);
    while (!*busy->stop) {
        unsigned key;
        if (busy->api->create(&key, NULL) != 0)
            continue;
        need(busy->api->set(key, &key) == 0 && busy->api->get(key) == &key, "a busy thread's set");
        need(busy->api->set(key, NULL) == 0 && busy->api->delete(key) == 0, "a busy thread's delete");
    }
    if (busy->api->exit != NULL)
        busy->api->exit();
    take_block();
    return NULL;
}

static unsigned calls_in_span(enum contended call)
{
    return call == CONTENDED_GET || call == CONTENDED_SET ? BATCHED : 1;
}

/* One call between two looks at the clock, or so many, and what must come before and behind it. */
static uint64_t span(const api_t *api, enum contended call, const unsigned *keys)
{
    void *value = &value;
    unsigned key = keys[0];
    uint64_t start = 0, end = 0;
    switch (call) {
    case CONTENDED_GET:
        start = ticks();
        for (unsigned i = 0; i < BATCHED; i++) {
            value = api->get(key);
            HIDE(value);
        }
        end = ticks();
        break;
    case CONTENDED_SET:
        start = ticks();
        for (unsigned i = 0; i < BATCHED; i++)
            need(api->set(key, value) == 0, "set");
        end = ticks();
        break;
    case CONTENDED_CREATE:
        start = ticks();
        need(api->create(&key, NULL) == 0, "create");
        end = ticks();
        need(api->delete(key) == 0, "delete");
        break;
    case CONTENDED_DELETE:
        need(api->create(&key, NULL) == 0, "create");
        start = ticks();
        need(api->delete(key) == 0, "delete");
        end = ticks();
        break;
    case CONTENDED_EXIT:
        for (unsigned i = 0; i < EXIT_VALUES; i++)
            api->set(keys[i], value);
        start = ticks();
        api->exit();
        end = ticks();
        break;
    }
    return end - start;
}

double time_contended(const api_t *api, enum contended call, unsigned percentile, size_t count)
{
    static uint64_t spans[MOST_SPANS];
    unsigned keys[EXIT_VALUES];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = processors <= 2 ? 1 : processors > MOST_BUSY ? MOST_BUSY : (unsigned)processors - 1;
    pthread_t ids[MOST_BUSY];
    pthread_barrier_t start;
    volatile int stop = 0;
    busy_t busy = {api, &start, &stop};
    pthread_barrier_init(&start, NULL, threads + 1);
    for (unsigned i = 0; i < EXIT_VALUES; i++)
        need(api->create(&keys[i], destroy) == 0, "create");
    for (unsigned i = 0; i < threads; i++)
        need(pthread_create(&ids[i], NULL, keep_busy, &busy) == 0, "pthread_create");
    pthread_barrier_wait(&start);
    count = count < MOST_SPANS ? count : MOST_SPANS;
    for (size_t i = 0; i < count; i++)
        spans[i] = span(api, call, keys);
    stop = 1;
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    pthread_barrier_destroy(&start);
    for (unsigned i = 0; i < EXIT_VALUES; i++)
        need(api->set(keys[i], NULL) == 0 && api->delete(keys[i]) == 0, "delete");
    double mean = mean_of_spans(spans, count);
    if (percentile == 0)
        return mean / calls_in_span(call);
    double taken = (double)spans[count * percentile / 100] - tick_overhead;
    return (taken > 0 ? taken : 0) * tick_nanoseconds / calls_in_span(call);
}
