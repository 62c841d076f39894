/*
 * Thread-local variables, emulated: these files are clang's, the others GCC's. The kernel's memory for them is a pool of
 * blocks of one size.
 */
#include <tsd/thread_local.h>

#include "kernel.h"

#ifdef SMALL_MACHINE
enum { BLOCK_SIZE = 128, BLOCKS = 12 };
#else
enum { BLOCK_SIZE = 512, BLOCKS = 24 };
#endif

static struct block {
    struct block *next;
    unsigned char rest[BLOCK_SIZE - sizeof(void *)];
} blocks[BLOCKS], *free_blocks;
static int is_pool_made, given, taken_back, failures;
static int in_place_of_it;

void *tsd_allocate(size_t size) {
    struct block *block;
    for (; is_pool_made < BLOCKS; is_pool_made++) {
        blocks[is_pool_made].next = free_blocks;
        free_blocks = &blocks[is_pool_made];
    }
    block = free_blocks;
    if (block == NULL || size > sizeof *block) {
        return NULL;
    }
    free_blocks = block->next;
    for (size_t i = 0; i < sizeof *block; i++) {
        ((volatile unsigned char *)block)[i] = 0xA5;
    }
    given++;
    return block;
}

void tsd_free(void *memory) {
    struct block *block = memory;
    block->next = free_blocks;
    free_blocks = block;
    taken_back++;
}

void *tsd_thread_local_failed(int error, size_t size, size_t alignment) {
    CHECK(error == TSD_ENOMEM && size == sizeof(int) && alignment == sizeof(int));
    failures++;
    return &in_place_of_it;
}

static _Thread_local int begun = 7;
static _Thread_local unsigned char zero[100];
static _Thread_local struct {
    _Alignas(64) unsigned char line[64];
} aligned;
static _Thread_local int another;

static void use(void *argument) {
    int *mine = &begun;
    CHECK(begun == 7 && zero[0] == 0 && zero[99] == 0 && aligned.line[63] == 0);
    CHECK((uintptr_t)&aligned % 64 == 0);
    begun = (int)(uintptr_t)argument;
    zero[99] = aligned.line[63] = (unsigned char)begun;
    thread_yield();
    CHECK(mine == &begun && begun == (int)(uintptr_t)argument && zero[99] == begun && aligned.line[63] == begun);
}

/*
 * A compiler asks for an address once a function, and puts that anywhere among what the function does to other variables:
 * it does not know that memory is asked for.
 */
__attribute__((noinline)) static void set_another(int value) { another = value; }
__attribute__((noinline)) static void use_begun(void) { begun++; }
__attribute__((noinline)) static int get_another(void) { return another; }

static void exhaust(void *argument) {
    struct block *rest;
    use_begun();
    rest = free_blocks;
    free_blocks = NULL;
    set_another(5);
    CHECK(failures == 1 && in_place_of_it == 5);
    free_blocks = rest;
    CHECK(get_another() == 0);
    set_another(6);
    CHECK(failures == 1 && get_another() == 6 && in_place_of_it == 5);
    (void)argument;
}

void thread_local_in_c(void) {
    struct thread *first, *second;
    keys_kept = 1;
    first = thread_start(use, (void *)1);
    second = thread_start(use, (void *)2);
    CHECK(thread_join(first)->last_phase_rounds == 1 && thread_join(second)->calls == 1);
    /* Three variables each, and where they are. */
    CHECK(given == 8 && taken_back == 8);
    thread_join(thread_start(exhaust, NULL));
    CHECK(given == 11 && taken_back == 11);
}

int blocks_in_use(void) { return given - taken_back; }
