/* What threads do with a C library: numbers of errors, and memory that is freed at thread exit. */
#include "port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tsd/pthread.h>

/* What the kernel's static keys name. */
void count(void *value) { (void)value; }

static void fails(void *argument) {
    (void)argument;
    CHECK(errno == 0);
    CHECK(strtol("99999999999999999999", NULL, 10) > 0 && errno == ERANGE);
    thread_yield();
    CHECK(errno == ERANGE);
}

static void errno_is_each_threads(void) {
    struct thread *first, *second;
    errno = EDOM;
    first = thread_start(fails, NULL);
    second = thread_start(fails, NULL);
    thread_join(first);
    thread_join(second);
    CHECK(errno == EDOM);
}

static pthread_key_t key;

static void fills(void *argument) {
    const size_t bytes = 20000;
    char *memory = malloc(bytes);
    CHECK(memory != NULL && pthread_setspecific(key, memory) == 0);
    memset(memory, *(const char *)argument, bytes);
    thread_yield();
    CHECK(memory[0] == *(const char *)argument && memcmp(memory, memory + 1, bytes - 1) == 0);
}

static void memory_is_freed_at_exit(void) {
    struct thread *threads[3];
    CHECK(pthread_key_create(&key, free) == 0);
    for (size_t i = 0; i < 3; i++) {
        threads[i] = thread_start(fills, (void *)(uintptr_t)&"abc"[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        CHECK(thread_join(threads[i])->calls == 1);
    }
    CHECK(most_in_sbrk == 1);
    CHECK(pthread_key_delete(key) == 0);
}

/* In no function that uses errno: compilers read the thread pointer once. */
const struct test_case test_cases[] = {
    {"port_init", port_init},
    {"errno_is_each_threads", errno_is_each_threads},
    {"memory_is_freed_at_exit", memory_is_freed_at_exit},
};
const size_t test_case_count = sizeof test_cases / sizeof test_cases[0];
