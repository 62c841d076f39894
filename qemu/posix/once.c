/*
 * pthread_once() and call_once(): a routine that its thread leaves, cancelled or by an exit of the thread, gives its
 * control back before the cleanup handlers outside of it run. Calls are led here by the linker.
 */
#include <pthread.h>
#include <threads.h>

#include <tsd.h>

int __wrap_pthread_once(pthread_once_t *control, void (*routine)(void));
void __wrap_call_once(once_flag *flag, void (*routine)(void));

static void cancel(void *control) { (void)tsd_once_cancel(control); }

static void pop(struct __ptcb *handler) { _pthread_cleanup_pop(handler, 0); }

/* The C library knows nothing of exceptions: the handler is popped for them as well. */
static int call(void *control, void (*routine)(void)) {
    struct __ptcb handler __attribute__((cleanup(pop)));
    _pthread_cleanup_push(&handler, cancel, control);
    return tsd_once(control, routine);
}

int __wrap_pthread_once(pthread_once_t *control, void (*routine)(void)) { return call(control, routine); }

void __wrap_call_once(once_flag *flag, void (*routine)(void)) { (void)call(flag, routine); }
