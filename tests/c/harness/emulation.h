/*
 * What the tests of emulated thread-local storage share: variables as a compiler describes them, and the kernel's hooks,
 * which count. A test includes it in one file.
 */
#ifndef TSD_TEST_EMULATION_H
#define TSD_TEST_EMULATION_H

#include <stdint.h>

#include <tsd/thread_local.h>

#include "harness.h"

/* What a compiler has for a variable. */
typedef struct variable {
    size_t size;
    size_t alignment;
    uintptr_t number;
    const void *template_;
} variable_t;

/* Memory given and taken back; how many requests are still granted, none if negative; what the third hook was told. */
static int allocations, frees, granted = 1 << 30, failures, last_error;
/* What the third hook gives, and what the first one does before it takes memory. */
static char elsewhere[64];
static void (*on_allocation)(void);

void *tsd_allocate(size_t size) {
    /* Not as aligned as malloc's is, and never zero. */
    unsigned char *memory;
    if (on_allocation) {
        on_allocation();
    }
    if (__atomic_fetch_sub(&granted, 1, __ATOMIC_SEQ_CST) <= 0 || size > SIZE_MAX / 2) {
        return NULL;
    }
    memory = (unsigned char *)malloc(size + sizeof(void *));
    CHECK(memory != NULL);
    memset(memory, 0xA5, size + sizeof(void *));
    __atomic_fetch_add(&allocations, 1, __ATOMIC_SEQ_CST);
    return memory + sizeof(void *);
}

void tsd_free(void *memory) {
    __atomic_fetch_add(&frees, 1, __ATOMIC_SEQ_CST);
    free((unsigned char *)memory - sizeof(void *));
}

void *tsd_thread_local_failed(int error, size_t size, size_t alignment) {
    CHECK(size > 0 && alignment > 0);
    failures++;
    last_error = error;
    return elsewhere;
}

#endif
