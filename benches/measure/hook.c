/* The hook that libtsd.a calls where it was not installed for a thread pointer. */
#include <stdlib.h>

#include <tsd.h>

#include "archive.h"

static _Thread_local tsd_thread_t *thread;

tsd_thread_t *tsd_current(void)
{
    return thread;
}

int hook_begin(void)
{
    thread = calloc(1, sizeof *thread);
    return thread != NULL;
}

void hook_end(void)
{
    free(thread);
}
