/*
 * A kernel for the linker alone: it has what the archive wants of it, calls some of what it gets, and is linked with
 * every member at each address where kernels lie.
 */
#define TSD_CURRENT() (&boot_thread)
#include <tsd.h>

#include <tsd/cxxabi.h>
#include <tsd/pthread.h>
#include <tsd/threads.h>
#include <tsd/windows.h>

static tsd_thread_t boot_thread;

tsd_thread_t *tsd_current(void) {
    return &boot_thread;
}

TSD_SPIN_WHILE_WAITING;

static void note(uint32_t reason, void *context) {
    (void)reason;
    (void)context;
}
TSD_NOTIFICATION(noted, note, NULL);

static void initialise(void) {
}

void entry(void);
void entry(void) {
    static tsd_once_t control = TSD_ONCE_INIT;
    tsd_key_t key;
    tsd_thread_init(&boot_thread);
    tsd_thread_attach();
    if (tsd_once(&control, initialise) == 0 && tsd_key_create(&key, NULL) == 0 && tsd_set(key, &key) == 0) {
        tsd_FlsSetValue(tsd_FlsAlloc(NULL), tsd_get(key));
    }
    tsd_thread_exit(NULL);
    for (;;) {
    }
}
