/* Measures one C library's thread-specific data beside tsd's, in one process and interleaved.
 *
 * It is linked with each C library in turn: statically, so that the walk at thread exit can be called, which no library
 * exports; and, with SHARED defined, with the system's shared library, as most programs are. The driver (../performance) sends lines
 *
 *     list                  answered by one line a row: its name, then its contenders
 *     ROW COUNT             answered by one line: nanoseconds a call, one number a contender
 *
 * Each contender of a row is called through the same loop, in an order that turns with every request.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive.h"
#include "measure.h"

/* Loops with inlined calls. */
void inlined_get(unsigned key, size_t count);
void inlined_set(unsigned key, size_t count);
void static_get(unsigned key, size_t count);
void static_set(unsigned key, size_t count);

#ifdef PEERS
/* Loops with other crates' calls: src/peers.rs. */
void variable_get(unsigned key, size_t count);
void variable_set(unsigned key, size_t count);
void object_get(unsigned key, size_t count);
void object_set(unsigned key, size_t count);
void object_create(unsigned key, size_t count);
void os_object_get(unsigned key, size_t count);
void os_object_set(unsigned key, size_t count);
void os_object_create(unsigned key, size_t count);
#else
/* core's unwind tables name it; nothing unwinds, since the archive is built with panic=abort. */
void rust_eh_personality(void)
{
}
#endif

double tick_nanoseconds, tick_overhead;

/* --- what is measured: each gives nanoseconds a call ------------------------------------------------------------ */

/* Runs a statement so many times; `key` and `value` are new to the compiler each time. */
#define TIMES(count, statement)                                                                                        \
    double start_ = nanoseconds(CLOCK);                                                                                \
    for (size_t i_ = 0; i_ < (count); i_++)                                                                            \
        statement;                                                                                                     \
    return (nanoseconds(CLOCK) - start_) / (double)(count)

/* Defines an implementation and its loops. The create loop is one create and one delete. */
#define API(ID, NAME, CAPACITY, GET, SET, CREATE, DELETE, EXIT)                                                        \
    __attribute__((noinline, aligned(64))) static double ID##_time_get(unsigned key, size_t count)                     \
    {                                                                                                                  \
        TIMES(count, ({                                                                                                \
                  HIDE(key);                                                                                           \
                  void *value = GET(key);                                                                              \
                  HIDE(value);                                                                                         \
              }));                                                                                                     \
    }                                                                                                                  \
    __attribute__((noinline, aligned(64))) static double ID##_time_set(unsigned key, size_t count)                     \
    {                                                                                                                  \
        void *value = &tick_overhead;                                                                                  \
        TIMES(count, ({                                                                                                \
                  HIDE(key);                                                                                           \
                  HIDE(value);                                                                                         \
                  int error = SET(key, value);                                                                         \
                  HIDE(error);                                                                                         \
              }));                                                                                                     \
    }                                                                                                                  \
    __attribute__((noinline, aligned(64))) static double ID##_time_create(size_t count)                                \
    {                                                                                                                  \
        TIMES(count, ({                                                                                                \
                  unsigned key;                                                                                        \
                  CREATE(&key, NULL);                                                                                  \
                  DELETE(key);                                                                                         \
              }));                                                                                                     \
    }                                                                                                                  \
    static const api_t ID = {NAME,   CAPACITY, GET,           SET,           CREATE,                                   \
                             DELETE, EXIT,     ID##_time_get, ID##_time_set, ID##_time_create}

#define TSD(N)                                                                                                         \
    void *tsd##N##_get(unsigned);                                                                                      \
    int tsd##N##_set(unsigned, const void *);                                                                          \
    int tsd##N##_create(unsigned *, destructor_t);                                                                     \
    int tsd##N##_delete(unsigned);                                                                                     \
    void tsd##N##_exit(void);                                                                                          \
    API(tsd##N, "tsd", N, tsd##N##_get, tsd##N##_set, tsd##N##_create, tsd##N##_delete, tsd##N##_exit)

TSD(8);
TSD(128);
TSD(1024);
/* libtsd.a by its own symbols, which end as the header says. */
#define ARCHIVE(ID, NAME, SUFFIX)                                                                                      \
    void *ID##_get(unsigned) __asm__("tsd_get" SUFFIX);                                                                \
    int ID##_set(unsigned, const void *) __asm__("tsd_set" SUFFIX);                                                    \
    int ID##_create(unsigned *, destructor_t) __asm__("tsd_key_create" SUFFIX);                                        \
    int ID##_delete(unsigned) __asm__("tsd_key_delete" SUFFIX);                                                        \
    void ID##_thread_exit(void *) __asm__("tsd_thread_exit" SUFFIX);                                                   \
    static void ID##_exit(void)                                                                                        \
    {                                                                                                                  \
        ID##_thread_exit(NULL);                                                                                        \
    }                                                                                                                  \
    API(ID, NAME, 128, ID##_get, ID##_set, ID##_create, ID##_delete, ID##_exit)
ARCHIVE(hook, "libtsd.a, hook", HOOK_SUFFIX);
#ifdef ARCHIVE_SUFFIX
ARCHIVE(archive, "libtsd.a", ARCHIVE_SUFFIX);
#endif
/* What each library does at thread exit. A shared glibc does not export it. */
#if defined __GLIBC__ && defined SHARED
#define LIBC "glibc"
#define LIBC_KEYS 1024
#define LIBC_EXIT NULL
#elif defined __GLIBC__
void __nptl_deallocate_tsd(void);
#define LIBC "glibc, static"
#define LIBC_KEYS 1024
#define LIBC_EXIT __nptl_deallocate_tsd
#else
void __pthread_tsd_run_dtors(void);
#define LIBC "musl"
#define LIBC_KEYS 128
#define LIBC_EXIT __pthread_tsd_run_dtors
#endif
API(libc, LIBC, LIBC_KEYS, pthread_getspecific, pthread_setspecific, pthread_key_create, pthread_key_delete, LIBC_EXIT);

/* The calls alone: what no out-of-line implementation can be faster than. */
__attribute__((noinline)) static void *empty_get(unsigned key)
{
    HIDE(key);
    return NULL;
}
__attribute__((noinline)) static int empty_set(unsigned key, const void *value)
{
    HIDE(key);
    HIDE(value);
    return 0;
}
__attribute__((noinline)) static int empty_create(unsigned *key, destructor_t destructor)
{
    HIDE(destructor);
    *key = 0;
    return 0;
}
__attribute__((noinline)) static int empty_delete(unsigned key)
{
    HIDE(key);
    return 0;
}
static void empty_exit(void)
{
}
API(empty, "empty function", 1, empty_get, empty_set, empty_create, empty_delete, empty_exit);

static double time_loop(void (*loop)(unsigned, size_t), unsigned key, size_t count)
{
    double start = nanoseconds(CLOCK);
    loop(key, count);
    return (nanoseconds(CLOCK) - start) / (double)count;
}

volatile unsigned destroyed;

void destroy(void *value)
{
    HIDE(value);
    destroyed = destroyed + 1;
}

/* Thread exit alone, with `values` values set. */
static double time_exit(const api_t *api, const unsigned *keys, unsigned values, size_t count)
{
    /* The first exits are no measurement: other programs have used the caches and predictors. */
    enum { COLD = 500 };
    static uint64_t spans[4096];
    void (*leave)(void) = api->exit;
    unsigned before = destroyed;
    HIDE(leave);
    /* The empty function is what calibrates the spans. */
    if (values == 0 && api != &empty) {
        TIMES(count, leave());
    }
    count = count < 4096 ? count : 4096;
    for (size_t i = 0; i < COLD + count; i++) {
        for (unsigned k = 0; k < values; k++)
            api->set(keys[k], &tick_overhead);
        uint64_t start = ticks();
        leave();
        if (i >= COLD)
            spans[i - COLD] = ticks() - start;
    }
    need(destroyed - before == (unsigned)(values * (COLD + count)), "thread exit");
    return mean_of_spans(spans, count);
}

static void calibrate(void)
{
    double start = nanoseconds(CLOCK_MONOTONIC), end;
    uint64_t first = ticks();
    do
        end = nanoseconds(CLOCK_MONOTONIC);
    while (end - start < 2e7);
    tick_nanoseconds = (end - start) / (double)(ticks() - first);
    tick_overhead = 0;
    tick_overhead = time_exit(&empty, NULL, 0, 4096) / tick_nanoseconds;
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

enum kind { GET, SET, CREATE, EXIT, THREADS, CREATE_THREADS, CONTENDED };

typedef struct {
    const char *name;
    enum kind kind;
    /* GET, SET: which key; CREATE: per cent of the table that is full; EXIT: values; THREADS: threads; CONTENDED: per cent
     * of the calls, or 0 for their mean. */
    unsigned size;
    enum contended call;
} row_t;

static const row_t rows[] = {
    {"get", GET, 5},
    {"get, 100th key", GET, 100},
    {"set", SET, 5},
    {"set, 100th key", SET, 100},
    {"create + delete, empty table", CREATE, 0},
    {"create + delete, 90 % full", CREATE, 90},
    {"exit, nothing set", EXIT, 0},
    {"exit, 1 value", EXIT, 1},
    {"exit, 8 values", EXIT, 8},
    {"exit, 32 values", EXIT, 32},
    {"get + set, 1 thread", THREADS, 1},
    {"get + set, 2 threads", THREADS, 2},
    {"get + set, 4 threads", THREADS, 4},
    {"get + set, 8 threads", THREADS, 8},
    {"create + delete, 1 thread", CREATE_THREADS, 1},
    {"create + delete, 2 threads", CREATE_THREADS, 2},
    {"create + delete, 4 threads", CREATE_THREADS, 4},
    {"create + delete, 8 threads", CREATE_THREADS, 8},
    {"get, table busy", CONTENDED, 0, CONTENDED_GET},
    {"get, table busy, 99 %", CONTENDED, 99, CONTENDED_GET},
    {"set, table busy", CONTENDED, 0, CONTENDED_SET},
    {"set, table busy, 99 %", CONTENDED, 99, CONTENDED_SET},
    {"create, table busy", CONTENDED, 0, CONTENDED_CREATE},
    {"create, table busy, 99 %", CONTENDED, 99, CONTENDED_CREATE},
    {"delete, table busy", CONTENDED, 0, CONTENDED_DELETE},
    {"delete, table busy, 99 %", CONTENDED, 99, CONTENDED_DELETE},
    {"exit, 8 values, table busy", CONTENDED, 0, CONTENDED_EXIT},
    {"exit, 8 values, table busy, 99 %", CONTENDED, 99, CONTENDED_EXIT},
};
enum { ROWS = sizeof rows / sizeof *rows, CONTENDERS = 12 };

typedef struct {
    const char *name;
    const api_t *api;
    void (*loop)(unsigned, size_t);
} contender_t;

static unsigned contenders(const row_t *row, contender_t *list)
{
    unsigned n = 0;
    if ((row->kind == EXIT || (row->kind == CONTENDED && row->call == CONTENDED_EXIT)) && libc.exit == NULL)
        return 0;
    list[n++] = (contender_t){"tsd", &tsd128, NULL};
    list[n++] = (contender_t){libc.name, &libc, NULL};
    if (row->kind != THREADS && row->kind != CREATE_THREADS && row->kind != CONTENDED) {
#ifdef ARCHIVE_SUFFIX
        list[n++] = (contender_t){archive.name, &archive, NULL};
#endif
        list[n++] = (contender_t){hook.name, &hook, NULL};
    }
    if (row->kind == GET || row->kind == SET) {
        list[n++] = (contender_t){"tsd inlined", &tsd128, row->kind == GET ? inlined_get : inlined_set};
        list[n++] = (contender_t){"tsd static key", &tsd128, row->kind == GET ? static_get : static_set};
#ifdef ARCHIVE_SUFFIX
        if (row->kind == GET)
            list[n++] = (contender_t){"C inlined", &archive, c_inlined_get};
        list[n++] = (contender_t){"C static key", &archive, row->kind == GET ? c_static_get : c_static_set};
#endif
#ifdef PEERS
        list[n++] = (contender_t){"thread_local!", &empty, row->kind == GET ? variable_get : variable_set};
        list[n++] = (contender_t){"crate thread_local", &empty, row->kind == GET ? object_get : object_set};
        list[n++] = (contender_t){"crate os-thread-local", &empty, row->kind == GET ? os_object_get : os_object_set};
#endif
        list[n++] = (contender_t){empty.name, &empty, NULL};
    } else if (row->kind == CREATE || row->kind == EXIT) {
        if (row->kind == CREATE || row->size <= 8)
            list[n++] = (contender_t){"tsd N=8", &tsd8, NULL};
        list[n++] = (contender_t){"tsd N=1024", &tsd1024, NULL};
#ifdef PEERS
        if (row->kind == CREATE && row->size == 0) {
            list[n++] = (contender_t){"crate thread_local", &empty, object_create};
            list[n++] = (contender_t){"crate os-thread-local", &empty, os_object_create};
        }
#endif
    }
    return n;
}

static double measure(const row_t *row, const contender_t *contender, size_t count)
{
    const api_t *api = contender->api;
    static unsigned keys[1024];
    unsigned wanted = row->kind == CREATE           ? api->capacity * row->size / 100
                      : row->kind == EXIT           ? row->size
                      : row->kind == CREATE_THREADS ? 1
                      : row->kind == THREADS        ? 6
                      : row->kind == CONTENDED      ? 0
                                                    : row->size + 1;
    double cost = 0;
    unsigned made = 0;
    if (api == &empty && contender->loop)
        return time_loop(contender->loop, 0, count);
    if (api == &empty)
        return row->kind == GET ? api->time_get(0, count) : api->time_set(0, count);
    while (made < wanted && api->create(&keys[made], row->kind == EXIT ? destroy : NULL) == 0)
        made++;
    /* A C library and the static key take places of their own. */
    need(made == wanted || (row->kind == CREATE && made + 4 > wanted), "create");
    unsigned key = made ? keys[made - 1] : 0;
    if (row->kind == GET || row->kind == SET)
        need(api->set(key, &cost) == 0 && api->get(key) == &cost, "set");
    switch (row->kind) {
    case GET:
        cost = contender->loop ? time_loop(contender->loop, key, count) : api->time_get(key, count);
        break;
    case SET:
        cost = contender->loop ? time_loop(contender->loop, key, count) : api->time_set(key, count);
        break;
    case CREATE:
        cost = api->time_create(count);
        break;
    case EXIT:
        cost = time_exit(api, keys, row->size, count);
        break;
    case CONTENDED:
        cost = time_contended(api, row->call, row->size, count);
        break;
    case THREADS:
    case CREATE_THREADS:
        cost = time_threads(api, key, row->size, row->kind == CREATE_THREADS, count);
        break;
    }
    if (row->kind == GET || row->kind == SET)
        api->set(key, NULL);
    while (made > 0)
        need(api->delete(keys[--made]) == 0, "delete");
    return cost;
}

int main(void)
{
    char line[256];
    contender_t list[CONTENDERS];
    unsigned turn = 0;
    give_block();
    calibrate();
    while (fgets(line, sizeof line, stdin)) {
        unsigned row = 0;
        size_t count = 0;
        if (strcmp(line, "list\n") == 0) {
            for (row = 0; row < ROWS; row++) {
                unsigned n = contenders(&rows[row], list);
                printf("%s", rows[row].name);
                for (unsigned i = 0; i < n; i++)
                    printf("\t%s", list[i].name);
                printf("\n");
            }
        } else {
            need(sscanf(line, "%u %zu", &row, &count) == 2 && row < ROWS && count > 0, "request");
            unsigned n = contenders(&rows[row], list);
            double costs[CONTENDERS];
            for (unsigned i = 0; i < n; i++) {
                unsigned which = (i + turn) % n;
                costs[which] = measure(&rows[row], &list[which], count);
            }
            turn++;
            for (unsigned i = 0; i < n; i++)
                printf("%s%.4f", i ? "\t" : "", costs[i]);
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
