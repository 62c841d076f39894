/* The C side as its users have it, for measure.c: the hook that libtsd.a calls, and loops with the header's inline calls.
 *
 * The inline calls find the thread through gs, which the C libraries leave alone; its base is the thread's structure.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#if defined __x86_64__
#include <sys/syscall.h>
enum { ARCH_SET_GS = 0x1001 }; /* of asm/prctl.h, which some C libraries' compilers do not find */
#define TSD_THREAD_POINTER gs
#define TSD_THREAD_POINTER_OFFSET 0
#endif
#include <tsd.h>

#include "archive.h"

#define HIDE(value) __asm__ volatile("" : "+r"(value) : : "memory")

#define KEYS(KEY) KEY(static_key, NULL, 0)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);

static _Thread_local tsd_thread_t *thread;

tsd_thread_t *tsd_current(void)
{
    return thread;
}

int archive_begin(void)
{
    thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return 0;
#if defined __x86_64__
    return syscall(SYS_arch_prctl, ARCH_SET_GS, (uintptr_t)thread) == 0;
#else
    return 1;
#endif
}

void archive_end(void)
{
    free(thread);
}

void archive_exit(void)
{
    tsd_thread_exit(NULL);
}

void c_inlined_get(unsigned key, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        HIDE(key);
        void *value = tsd_get(key);
        HIDE(value);
    }
}

void c_static_get(unsigned key, size_t count)
{
    (void)key;
    for (size_t i = 0; i < count; i++) {
        void *value = tsd_static_get(static_key);
        HIDE(value);
    }
}

void c_static_set(unsigned key, size_t count)
{
    void *value = &key;
    for (size_t i = 0; i < count; i++) {
        HIDE(value);
        int error = tsd_static_set(static_key, value);
        HIDE(error);
    }
    tsd_static_set(static_key, NULL);
}
