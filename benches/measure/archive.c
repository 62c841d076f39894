/* libtsd.a as it is installed for a thread pointer, and loops with the header's inline calls.
 *
 * The register is gs, which the C libraries on x86_64 leave alone; its base is a block that begins with a pointer to itself.
 * The archive follows the pointer; the inline calls use the register as it is.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The inline calls as an archive of two parts has them, gs:8, beside one of three: the symbols are those of the latter. */
#include <tsd/config.h>
#include <tsd/symbols.h>
#undef TSD_POINTER_SUFFIX_
#define TSD_POINTER_SUFFIX_ "_gs_0_8"
#undef TSD_THREAD_POINTER_AT
#include <tsd.h>

#include "archive.h"

/* Of asm/prctl.h, which some C libraries' compilers do not find. */
enum { ARCH_SET_GS = 0x1001 };

#define HIDE(value) __asm__ volatile("" : "+r"(value) : : "memory")

#define KEYS(KEY) KEY(static_key, NULL, 0)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);

struct block {
    struct block *self;
    tsd_thread_t tsd;
};
TSD_ASSERT(offsetof(struct block, tsd) == TSD_THREAD_POINTER_OFFSET, offset_of_tsd);

static _Thread_local struct block *block;

int archive_begin(void)
{
    block = calloc(1, sizeof *block);
    if (block == NULL)
        return 0;
    block->self = block;
    return syscall(SYS_arch_prctl, ARCH_SET_GS, (uintptr_t)block) == 0;
}

void archive_end(void)
{
    free(block);
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
