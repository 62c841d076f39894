/*
 * What a test program has: checks, threads, counters. A program is one file with one function, `test`, and exits with
 * status 0 if every check held. The port (harness/host.c on the host) supplies the threads.
 */
#ifndef TSD_TEST_HARNESS_H
#define TSD_TEST_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tsd.h>
#include <tsd/pthread.h>
#include <tsd/threads.h>
#ifdef TSD_MINIMAL
/* There are no reports. */
typedef int report_t;
#define HAS_CALLED(report, number) ((report) == 0)
#else
#include <tsd/cxxabi.h>
#include <tsd/windows.h>
typedef tsd_exit_report_t report_t;
/* Whether a thread's exit has called so many destructors, where a report says so. */
#define HAS_CALLED(report, number) ((report).calls == (number))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The behaviour under test. It runs on a thread of its own, attached, whose exit the port runs afterwards. */
void test(void);

/* Ends the program with status 1 unless the condition holds. */
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
void check_failed(const char *file, int line, const char *condition);

/* A thread: initialised, attached, then `body`, then its exit, whose report `thread_join` gives. */
typedef struct thread thread_t;
thread_t *thread_start(void (*body)(void *), void *argument);
report_t thread_join(thread_t *thread);

/* Ends the calling thread at once, as if `body` had returned. */
void thread_exit(void) __attribute__((noreturn));

/* The same with no exit: the thread has died where it stood. */
void thread_vanish(void) __attribute__((noreturn));

/* Calls `function`, unless it is NULL, at the start of each hook that is called on this thread from now on. */
void thread_on_hook(void (*function)(void));

/* Lets others run. */
void thread_yield(void);

/* The thread's structure. */
tsd_thread_t *thread_structure(thread_t *thread);

/* Runs `body` as an interrupt handler of a kernel that has no current thread there. */
void without_thread(void (*body)(void));

/* Runs `body` on the calling thread, for which the hook gives another thread's structure meanwhile. */
void as_thread(tsd_thread_t *structure, void (*body)(void));

/* How many keys are there for good after the test: those of emulated thread-local storage. */
extern uint32_t keys_kept;

/* Calls so far to the functions below, by any thread, and the sum of what they were called with. */
extern int calls;
extern uintptr_t calls_sum;
/* A destructor that counts. */
void count_call(void *value);
void reset_calls(void);

/* Starts a thread, joins it. */
static inline report_t run_thread(void (*body)(void *), void *argument) {
    return thread_join(thread_start(body, argument));
}

/* A value that is not NULL. */
static inline void *value_of(uintptr_t number) { return (void *)(number * 16); }

/* One event of several threads: a waiter returns once another thread has signalled. */
typedef struct event {
    int happened;
} event_t;
static inline void event_signal(event_t *event) { __atomic_store_n(&event->happened, 1, __ATOMIC_SEQ_CST); }
static inline void event_wait(event_t *event) {
    while (!__atomic_load_n(&event->happened, __ATOMIC_SEQ_CST)) {
        thread_yield();
    }
}

#ifdef __cplusplus
}
#endif
#endif
