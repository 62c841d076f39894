/*
 * Threads that complete, are terminated and are reset, each with a value under a key. With -DWITHOUT_WATCH and its like it
 * prints what becomes of a system that forgot a step.
 */
#include <stdio.h>

#include "tsd_threadx.h"

static TX_THREAD starter, completes, dies;
static tsd_key_t key;

static VOID destroy(void *value) {
    printf("%s destroys %s%s\n", tx_thread_identify()->tx_thread_name, (const char *)value,
           tx_thread_sleep(1) == TX_SUCCESS ? "" : ", and can't sleep");
}

static VOID note(uint32_t reason, void *context) {
    (void)context;
    if (reason == TSD_THREAD_ATTACH) {
        printf("%s is attached\n", tx_thread_identify()->tx_thread_name);
    }
}
static const tsd_notification_t notification = {note, NULL};

static VOID work(ULONG input) {
    const char *value = tsd_get(key);
    printf("%s finds %s\n", tx_thread_identify()->tx_thread_name, value ? value : "nothing");
    if (tsd_set(key, "a value") != 0) {
        printf("set fails\n");
    }
    if (input) {
        (void)tx_thread_suspend(tx_thread_identify());
    }
#ifndef WITHOUT_OWN_EXIT
    /* Here a destructor may still suspend; the notification then finds nothing to do. */
    tsd_thread_exit(NULL);
#endif
}

static VOID start(TX_THREAD *thread, CHAR *name, ULONG input) {
#if defined(WITHOUT_DONT_START)
    (void)tx_thread_create(thread, name, work, input, NULL, 0, 1, 1, TX_NO_TIME_SLICE, TX_AUTO_START);
    (void)tsd_threadx_watch(thread);
#elif defined(WITHOUT_WATCH)
    (void)tx_thread_create(thread, name, work, input, NULL, 0, 1, 1, TX_NO_TIME_SLICE, TX_AUTO_START);
#else
    (void)tx_thread_create(thread, name, work, input, NULL, 0, 1, 1, TX_NO_TIME_SLICE, TX_DONT_START);
    if (tsd_threadx_watch(thread) != TX_SUCCESS) {
        printf("ThreadX was built without notifications\n");
    }
    (void)tx_thread_resume(thread);
#endif
}

static VOID run(ULONG input) {
    (void)input;
    start(&completes, "a thread that completes", 0);
    /* The same block once more, which nobody clears. */
    (void)tx_thread_reset(&completes);
    (void)tx_thread_resume(&completes);
    start(&dies, "a thread that is terminated", 1);
    (void)tx_thread_terminate(&dies);
}

int main(void) {
    if (tsd_set(1, &key) != TSD_ESRCH || tsd_key_create(&key, destroy) != 0 ||
        tsd_notification_register(&notification) != 0) {
        return 1;
    }
    (void)tx_thread_create(&starter, "the starter", run, 0, NULL, 0, 1, 1, TX_NO_TIME_SLICE, TX_AUTO_START);
    return 0;
}
