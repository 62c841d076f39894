/* Calls each function of tsd once from each state that it can start from, between two breakpoints.
 *
 * The tracer (../src/trace.rs) counts the instructions from one breakpoint to the next. At the first, the register rax
 * points to the state's name. Each kind of call is also made to a function that only returns; what that takes is
 * subtracted, so that what is left are the instructions of the function itself, its return included.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef __x86_64__
#error "instructions are counted on x86_64 hosts; the images count on both processors"
#endif

typedef void (*destructor_t)(void *);

#define DECLARE(N)                                                                                                     \
    void *tsd##N##_get(unsigned);                                                                                      \
    int tsd##N##_set(unsigned, const void *);                                                                          \
    int tsd##N##_create(unsigned *, destructor_t);                                                                     \
    int tsd##N##_delete(unsigned);                                                                                     \
    void tsd##N##_exit(void)
DECLARE(8);
DECLARE(128);
DECLARE(1024);
void *inlined_get_once(unsigned);
void *static_get_once(void);
/* Its argument is a report; the type is that of what it is counted as. */
int exit_report(unsigned *, destructor_t);

extern const size_t MEASURE_BLOCK_BYTES;
_Thread_local void *measure_block;

/* core's unwind tables name it; nothing unwinds, since the archive is built with panic=abort. */
void rust_eh_personality(void)
{
}

static void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "states: %s failed\n", what);
        exit(1);
    }
}

static void fresh_thread(void)
{
    free(measure_block);
    measure_block = calloc(1, MEASURE_BLOCK_BYTES);
    need(measure_block != NULL, "calloc");
}

/* Functions that only return. */
__asm__(".text\n.globl only_return\nonly_return: ret\n");
void *only_return(unsigned);
__asm__(".globl only_return_set\nonly_return_set: ret\n");
int only_return_set(unsigned, const void *);
__asm__(".globl only_return_create\nonly_return_create: ret\n");
int only_return_create(unsigned *, destructor_t);
__asm__(".globl only_return_exit\nonly_return_exit: ret\n");
void only_return_exit(void);
__asm__(".globl destroy\ndestroy: ret\n");
void destroy(void *);

#define BREAK(name) __asm__ volatile("int3" : : "a"(name) : "memory")

__attribute__((noinline)) static void *count_get(const char *name, void *(*get)(unsigned), unsigned key)
{
    BREAK(name);
    void *value = get(key);
    BREAK(NULL);
    return value;
}

__attribute__((noinline)) static int count_set(const char *name, int (*set)(unsigned, const void *), unsigned key,
                                               const void *value)
{
    BREAK(name);
    int error = set(key, value);
    BREAK(NULL);
    return error;
}

__attribute__((noinline)) static int count_create(const char *name, int (*create)(unsigned *, destructor_t),
                                                  unsigned *key)
{
    BREAK(name);
    int error = create(key, NULL);
    BREAK(NULL);
    return error;
}

__attribute__((noinline)) static void count_exit(const char *name, void (*leave)(void))
{
    BREAK(name);
    leave();
    BREAK(NULL);
}

/* A name is "call: state". An inlined call is counted without its return: the tracer knows it by its name. */

static int value;

static void gets(void)
{
    unsigned key, unset, stale, deleted;
    fresh_thread();
    need(!tsd128_create(&key, NULL) && !tsd128_create(&unset, NULL) && !tsd128_create(&stale, NULL), "create");
    need(!tsd128_set(key, &value) && !tsd128_set(stale, &value), "set");
    deleted = stale;
    need(!tsd128_delete(stale) && !tsd128_create(&stale, NULL), "create");
    count_get("-get", only_return, key);
    need(count_get("get: value set", tsd128_get, key) == &value, "get");
    need(!count_get("get: no value set", tsd128_get, unset), "get");
    need(!count_get("get: key created anew, old value left", tsd128_get, stale), "get");
    need(!count_get("get: deleted key", tsd128_get, deleted), "get");
    need(!count_get("get: key 0", tsd128_get, 0), "get");
    need(!count_get("get: all ones", tsd128_get, ~0u), "get");
    need(count_get("get inlined: value set", inlined_get_once, key) == &value, "get");
    need(!count_get("get inlined: no value set", inlined_get_once, unset), "get");
    need(!count_get("get inlined: key created anew, old value left", inlined_get_once, stale), "get");
    need(!count_get("get inlined: deleted key", inlined_get_once, deleted), "get");
    count_get("get of a static key inlined: any", (void *(*)(unsigned))static_get_once, 0);
    need(!tsd128_delete(key) && !tsd128_delete(unset) && !tsd128_delete(stale), "delete");
}

static void sets(void)
{
    unsigned key, other, stale, deleted;
    fresh_thread();
    need(!tsd128_create(&key, NULL) && !tsd128_create(&other, NULL) && !tsd128_create(&stale, NULL), "create");
    count_set("-set", only_return_set, key, &value);
    need(!count_set("set: NULL, no value set", tsd128_set, key, NULL), "set");
    need(!count_set("set: first value of the thread", tsd128_set, key, &value), "set");
    need(!count_set("set: first value of the key", tsd128_set, other, &value), "set");
    need(!count_set("set: value set", tsd128_set, key, &value), "set");
    need(!count_set("set: NULL", tsd128_set, key, NULL), "set");
    need(!tsd128_set(stale, &value), "set");
    deleted = stale;
    need(!tsd128_delete(stale) && !tsd128_create(&stale, NULL), "create");
    need(!count_set("set: key created anew, old value left", tsd128_set, stale, &value), "set");
    need(count_set("set: deleted key", tsd128_set, deleted, &value), "set");
    need(count_set("set: key 0", tsd128_set, 0, &value), "set");
    need(count_set("set: all ones", tsd128_set, ~0u, &value), "set");
    need(!tsd128_delete(key) && !tsd128_delete(other) && !tsd128_delete(stale), "delete");
}

/* All ways in which a table can be full. */
static void creates(const char *const names[5], unsigned places, int (*create)(unsigned *, destructor_t),
                    int (*delete)(unsigned))
{
    static unsigned keys[1024];
    unsigned key;
    need(!count_create(names[0], create, &keys[0]), "create");
    for (unsigned i = 1; i < places; i++)
        need(!create(&keys[i], NULL), "create");
    need(count_create(names[1], create, &key), "create");
    need(!delete(keys[places - 1]), "delete");
    need(!count_create(names[2], create, &keys[places - 1]), "create");
    need(!count_get(names[3], (void *(*)(unsigned))delete, keys[places - 1]), "delete");
    need(count_get(names[4], (void *(*)(unsigned))delete, keys[places - 1]) != NULL, "delete");
    for (unsigned i = 0; i < places - 1; i++)
        need(!delete(keys[i]), "delete");
}

#define NAMES(N)                                                                                                       \
    (const char *const[5])                                                                                             \
    {                                                                                                                  \
        "create, " #N " keys: empty table", "create, " #N " keys: full table",                                         \
            "create, " #N " keys: the last place is free", "delete, " #N " keys: live key",                            \
            "delete, " #N " keys: deleted key"                                                                         \
    }

static void exits(const char *name, unsigned values, int (*create)(unsigned *, destructor_t),
                  int (*set)(unsigned, const void *), int (*delete)(unsigned), void (*leave)(void))
{
    unsigned keys[32];
    fresh_thread();
    for (unsigned i = 0; i < values; i++)
        need(!create(&keys[i], destroy) && !set(keys[i], &value), "create");
    count_exit(name, leave);
    for (unsigned i = 0; i < values; i++)
        need(!delete(keys[i]), "delete");
}

#define EXITS(N, VALUES)                                                                                               \
    exits("exit, " #N " keys: " #VALUES " set", VALUES, tsd##N##_create, tsd##N##_set, tsd##N##_delete, tsd##N##_exit)

int main(void)
{
    gets();
    sets();
    unsigned key;
    count_create("-create", only_return_create, &key);
    creates(NAMES(8), 8, tsd8_create, tsd8_delete);
    /* One place is a static key's. */
    creates(NAMES(128), 127, tsd128_create, tsd128_delete);
    creates(NAMES(1024), 1024, tsd1024_create, tsd1024_delete);
    static max_align_t report[64];
    fresh_thread();
    count_create("exit with its report, 128 keys: 0 set", exit_report, (unsigned *)report);
    count_exit("-exit", only_return_exit);
    EXITS(8, 0);
    EXITS(8, 1);
    EXITS(8, 8);
    EXITS(128, 0);
    EXITS(128, 1);
    EXITS(128, 8);
    EXITS(128, 32);
    EXITS(1024, 0);
    EXITS(1024, 1);
    EXITS(1024, 8);
    EXITS(1024, 32);
    return 0;
}
