/*
 * The pattern of a Win32 DLL with dynamic thread-local storage: it allocates an index when it is loaded, gives each
 * thread a block on first use, frees the block when told of the thread's end, and the index when it is unloaded.
 * Allocations are counted.
 */
#include "harness.h"

static uint32_t tls_index = TSD_TLS_OUT_OF_INDEXES;
static int allocations, frees;

static void thread_ends(uint32_t reason, void *context) {
    CHECK(context == &tls_index);
    if (reason == TSD_THREAD_DETACH) {
        void *block = tsd_TlsGetValue(tls_index);
        if (block != NULL) {
            free(block);
            CHECK(tsd_TlsSetValue(tls_index, NULL));
            __atomic_fetch_add(&frees, 1, __ATOMIC_SEQ_CST);
        }
    }
}

static const tsd_notification_t notification = {thread_ends, &tls_index};

static void module_loads(void) {
    tls_index = tsd_TlsAlloc();
    CHECK(tls_index != TSD_TLS_OUT_OF_INDEXES);
    CHECK(tsd_notification_register(&notification) == 0);
}

static void module_unloads(void) {
    CHECK(tsd_notification_unregister(&notification) == 0);
    CHECK(tsd_TlsFree(tls_index));
}

static int *block_of_this_thread(void) {
    int *block = tsd_TlsGetValue(tls_index);
    if (block == NULL) {
        CHECK(tsd_GetLastError() == TSD_ERROR_SUCCESS);
        block = calloc(1, sizeof *block);
        CHECK(block != NULL && tsd_TlsSetValue(tls_index, block));
        __atomic_fetch_add(&allocations, 1, __ATOMIC_SEQ_CST);
    }
    return block;
}

static void body(void *argument) {
    int i;
    for (i = 0; i < (int)(uintptr_t)argument; i++) {
        CHECK((*block_of_this_thread())++ == i);
    }
}

void test(void) {
    enum { THREADS = 10 };
    thread_t *threads[THREADS];
    uintptr_t i;
    module_loads();
    for (i = 0; i < THREADS; i++) {
        threads[i] = thread_start(body, (void *)i);
    }
    for (i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    CHECK(allocations == THREADS - 1 && frees == allocations);
    module_unloads();
}
