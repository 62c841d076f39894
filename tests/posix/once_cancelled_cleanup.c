/* A once routine that its thread leaves by cancellation, pthread_exit() or thrd_exit() gives its control back before
 * the cleanup handlers that were pushed outside: there, the same control runs its routine. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>
#include <unistd.h>

static pthread_once_t inner, outer, other;
static once_flag flag;
static atomic_int calls, again_calls, handlers;
static void (*leave)(void);

static void again(void) { again_calls++; }

static void leave_inside(void) {
    calls++;
    leave();
}

static void call_inner(void) {
    calls++;
    pthread_once(&inner, leave_inside);
    assert(!"came back");
}

static void wait_for_cancellation(void) {
    assert(pthread_cancel(pthread_self()) == 0);
    for (;;) {
        pthread_testcancel();
    }
}

static void exit_posix(void) { pthread_exit(PTHREAD_CANCELED); }

static void exit_c11(void) { thrd_exit(-1); }

/* Between the two routines' own handlers and the end of the thread. */
static void outside(void *argument) {
    handlers++;
    assert(pthread_once(&inner, again) == 0 && pthread_once(&outer, again) == 0);
    assert(pthread_once(&inner, again) == 0 && again_calls == 2);
    call_once(&flag, again);
    /* That of a routine which has returned stays complete. */
    assert(argument == &other && pthread_once(&other, again) == 0);
}

static void *run(void *argument) {
    pthread_cleanup_push(outside, &other);
    pthread_once(&other, again);
    again_calls = 0;
    if (argument == &flag) {
        inner = PTHREAD_ONCE_INIT;
        call_once(&flag, call_inner);
    } else {
        pthread_once(&outer, call_inner);
    }
    pthread_cleanup_pop(0);
    return argument;
}

static void check(void (*how)(void), void *argument) {
    pthread_t thread;
    void *result;
    inner = outer = other = PTHREAD_ONCE_INIT;
    flag = (once_flag)ONCE_FLAG_INIT;
    calls = again_calls = handlers = 0;
    leave = how;
    assert(pthread_create(&thread, NULL, run, argument) == 0);
    assert(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    assert(calls == 2 && handlers == 1 && again_calls == 3);
}

int main(void) {
    void (*const ways[])(void) = {wait_for_cancellation, exit_posix, exit_c11};
    for (int i = 0; i < 3; i++) {
        check(ways[i], NULL);
        check(ways[i], &flag);
    }
    return 0;
}
