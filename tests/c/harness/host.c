/* The port of the test programs to the host: the system's threads are the kernel, a thread-local pointer its hook. */
#define _GNU_SOURCE
#include "harness.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>

struct thread {
    /* What a thread control block embeds. */
    tsd_thread_t tsd;
    pthread_t system;
    void (*body)(void *);
    void *argument;
    report_t report;
    jmp_buf end;
};

#ifdef TSD_MINIMAL
static void run_exit(struct thread *thread) {
    thread->report = 0;
    tsd_thread_exit(NULL);
}

static int attach(void) { return 0; }

/* As many as can't be created. */
static uint32_t keys_in_use(void) {
    static tsd_key_t created[TSD_KEYS];
    uint32_t count = 0, key;
    while (tsd_key_create(&created[count], NULL) == 0) {
        if (++count == TSD_KEYS) {
            break;
        }
    }
    for (key = 0; key < count; key++) {
        tsd_key_delete(created[key]);
    }
    return TSD_KEYS - count;
}
#else
static void run_exit(struct thread *thread) { tsd_thread_exit(&thread->report); }
static int attach(void) { return tsd_thread_attach(); }
static uint32_t keys_in_use(void) { return tsd_keys_in_use(); }
#endif

static __thread struct thread *current;
static __thread int in_interrupt;
static __thread tsd_thread_t *other;
static __thread void (*on_hook)(void);

uint32_t keys_kept;
int calls;
uintptr_t calls_sum;

static void note_hook(void) {
    if (on_hook) {
        on_hook();
    }
}

tsd_thread_t *tsd_current(void) {
    note_hook();
    if (other) {
        return other;
    }
    return current && !in_interrupt ? &current->tsd : NULL;
}

#ifndef NO_HOOKS
/* One condition variable is enough for tests: every sleeper looks at its own word when it wakes. */
static pthread_mutex_t sleepers = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;

void tsd_wait(const uint32_t *word, uint32_t expected) {
    note_hook();
    pthread_mutex_lock(&sleepers);
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == expected) {
        pthread_cond_wait(&woken, &sleepers);
    }
    pthread_mutex_unlock(&sleepers);
}

void tsd_wake(const uint32_t *word) {
    (void)word;
    note_hook();
    pthread_mutex_lock(&sleepers);
    pthread_cond_broadcast(&woken);
    pthread_mutex_unlock(&sleepers);
}
#endif

void check_failed(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    fflush(stderr);
    _Exit(1);
}

static void *start(void *argument) {
    struct thread *self = argument;
    current = self;
    CHECK(attach() == 0);
    if (setjmp(self->end) == 0) {
        self->body(self->argument);
        run_exit(self);
    }
    current = NULL;
    return NULL;
}

thread_t *thread_start(void (*body)(void *), void *argument) {
    struct thread *created = malloc(sizeof *created);
    CHECK(created != NULL);
    /* A kernel re-uses memory that held anything. */
    memset(created, 0xFF, sizeof *created);
    created->body = body;
    created->argument = argument;
    CHECK(tsd_thread_init(&created->tsd) == 0);
    CHECK(pthread_create(&created->system, NULL, start, created) == 0);
    return created;
}

report_t thread_join(thread_t *thread) {
    report_t report;
    CHECK(pthread_join(thread->system, NULL) == 0);
    report = thread->report;
    free(thread);
    return report;
}

/* The exit runs on the stack as it is, below the frames that it may have to look at. */
void thread_exit(void) {
    run_exit(current);
    longjmp(current->end, 1);
}

void thread_vanish(void) { longjmp(current->end, 1); }

void thread_on_hook(void (*function)(void)) { on_hook = function; }

void as_thread(tsd_thread_t *structure, void (*body)(void)) {
    other = structure;
    body();
    other = NULL;
}

void thread_yield(void) { sched_yield(); }

tsd_thread_t *thread_structure(thread_t *thread) { return &thread->tsd; }

void without_thread(void (*body)(void)) {
    in_interrupt = 1;
    body();
    in_interrupt = 0;
}

void count_call(void *value) {
    __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&calls_sum, (uintptr_t)value, __ATOMIC_SEQ_CST);
}

void reset_calls(void) {
    __atomic_store_n(&calls, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&calls_sum, 0, __ATOMIC_SEQ_CST);
}

static void run_test(void *argument) {
    (void)argument;
    test();
}

int main(void) {
    /* Static keys, where the test has some. */
    uint32_t keys = keys_in_use();
    report_t report = run_thread(run_test, NULL);
#ifdef TSD_MINIMAL
    CHECK(report == 0);
#else
    CHECK(report.left_over == 0);
#endif
    CHECK(keys_in_use() == keys + keys_kept);
    return 0;
}
