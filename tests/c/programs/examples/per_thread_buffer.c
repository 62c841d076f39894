/*
 * The pattern of the LinuxThreads manual: a function with a static result buffer becomes usable by many threads when
 * each has a buffer of its own. Allocations are counted.
 */
#include "harness.h"

static tsd_pthread_key_t buffer_key;
static tsd_pthread_once_t buffer_once = TSD_PTHREAD_ONCE_INIT;
static int allocations, frees;

enum { SIZE = 100 };

static void free_buffer(void *buffer) {
    __atomic_fetch_add(&frees, 1, __ATOMIC_SEQ_CST);
    free(buffer);
}

static void make_key(void) { CHECK(tsd_pthread_key_create(&buffer_key, free_buffer) == 0); }

/* Joins two words in the thread's buffer; NULL before the thread has asked for one. */
static char *join_words(const char *left, const char *right) {
    char *buffer = tsd_pthread_getspecific(buffer_key);
    if (buffer != NULL) {
        snprintf(buffer, SIZE, "%s %s", left, right);
    }
    return buffer;
}

static void get_buffer(void) {
    CHECK(tsd_pthread_once(&buffer_once, make_key) == 0);
    CHECK(tsd_pthread_setspecific(buffer_key, malloc(SIZE)) == 0);
    __atomic_fetch_add(&allocations, 1, __ATOMIC_SEQ_CST);
}

static void body(void *argument) {
    char expected[SIZE];
    char *mine;
    int i;
    if (argument == NULL) {
        CHECK(tsd_pthread_once(&buffer_once, make_key) == 0);
        CHECK(join_words("no", "buffer") == NULL);
        return;
    }
    get_buffer();
    mine = join_words("thread", argument);
    snprintf(expected, SIZE, "thread %s", (const char *)argument);
    for (i = 0; i < 200; i++) {
        CHECK(join_words("thread", argument) == mine);
        thread_yield();
        CHECK(strcmp(mine, expected) == 0);
    }
}

void test(void) {
    static char names[4][4] = {"one", "two", "six", "ten"};
    thread_t *threads[5];
    int i;
    for (i = 0; i < 4; i++) {
        threads[i] = thread_start(body, names[i]);
    }
    threads[4] = thread_start(body, NULL);
    for (i = 0; i < 5; i++) {
        thread_join(threads[i]);
    }
    CHECK(allocations == 4 && frees == 4);
    CHECK(tsd_pthread_key_delete(buffer_key) == 0);
}
