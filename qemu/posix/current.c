/*
 * The library's hook: each thread's part of it lies in the thread's own ELF TLS block, which the C library clears before
 * the thread starts and keeps until the thread has ended.
 */
#include <tsd.h>

static _Thread_local tsd_thread_t thread;

tsd_thread_t *tsd_current(void) { return &thread; }
