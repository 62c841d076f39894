/* mmap: far more addresses than there is memory, which comes when a page is accessed; parts unmapped, mapped again,
 * protected, moved; what is mapped anew is zero. */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, THREADS = 16 };
static const size_t MIB = 1 << 20, GIB = 1 << 30;

static char *map(size_t bytes, int access, int flags) {
    char *start = mmap(NULL, bytes, access, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    assert(start != MAP_FAILED && (uintptr_t)start % PAGE == 0);
    return start;
}

static void reserve_and_commit(void) {
    char *start = map(2 * GIB, PROT_NONE, MAP_NORESERVE);
    for (size_t at = 0; at < 2 * GIB; at += 256 * MIB) {
        assert(mprotect(start + at, 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
        assert(start[at] == 0 && start[at + 16 * PAGE - 1] == 0);
        memset(start + at, 1, 16 * PAGE);
    }
    assert(write(1, start + PAGE * 16, 1) == -1 && errno == EFAULT);
    assert(munmap(start, 2 * GIB) == 0);
    assert(mprotect(start, PAGE, PROT_READ) == -1 && errno == ENOMEM);
}

static void touch_sparsely(void) {
    char *start = map(4 * GIB, PROT_READ | PROT_WRITE, MAP_NORESERVE);
    for (size_t at = 0; at < 4 * GIB; at += 64 * MIB) {
        assert(start[at + 5] == 0);
        start[at + 5] = (char)(at / (64 * MIB) + 1);
    }
    for (size_t at = 0; at < 4 * GIB; at += 64 * MIB) {
        assert(start[at + 5] == (char)(at / (64 * MIB) + 1) && start[at + 4] == 0);
    }
    assert(munmap(start, 4 * GIB) == 0);
}

static void unmap_parts(void) {
    char *start = map(64 * PAGE, PROT_READ | PROT_WRITE, 0), *again;
    memset(start, 7, 64 * PAGE);
    assert(munmap(start, 8 * PAGE) == 0 && munmap(start + 56 * PAGE, 8 * PAGE) == 0);
    assert(munmap(start + 20 * PAGE, 4 * PAGE) == 0);
    assert(start[8 * PAGE] == 7 && start[20 * PAGE - 1] == 7 && start[24 * PAGE] == 7 && start[56 * PAGE - 1] == 7);
    assert(mprotect(start + 16 * PAGE, 8 * PAGE, PROT_READ) == -1 && errno == ENOMEM);
    assert(write(1, start + 20 * PAGE, 1) == -1 && errno == EFAULT);
    /* The hole is filled again, by address. */
    again = mmap(start + 20 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    assert(again == start + 20 * PAGE);
    for (int at = 0; at < 4 * PAGE; at++) {
        assert(again[at] == 0);
    }
    assert(munmap(start, 64 * PAGE) == 0);
    /* And whatever gets the pages next finds them clear. */
    again = map(64 * PAGE, PROT_READ | PROT_WRITE, 0);
    for (int at = 0; at < 64 * PAGE; at++) {
        assert(again[at] == 0);
    }
    assert(munmap(again, 64 * PAGE) == 0);
}

static void replace(void) {
    char *start = map(8 * PAGE, PROT_READ | PROT_WRITE, 0);
    memset(start, 7, 8 * PAGE);
    assert(madvise(start + PAGE, PAGE, MADV_DONTNEED) == 0);
    assert(start[PAGE - 1] == 7 && start[PAGE] == 0 && start[2 * PAGE - 1] == 0 && start[2 * PAGE] == 7);
    char *fixed =
        mmap(start + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    assert(fixed == start + 4 * PAGE && fixed[0] == 0 && fixed[PAGE - 1] == 0 && fixed[-1] == 7 && fixed[PAGE] == 7);
    assert(munmap(start, 8 * PAGE) == 0);
}

static void resize(void) {
    char *start = map(4 * PAGE, PROT_READ | PROT_WRITE, 0), *wall, *moved;
    memset(start, 7, 4 * PAGE);
    wall = mmap(start + 4 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    assert(wall == start + 4 * PAGE);
    assert(mremap(start, 4 * PAGE, 8 * PAGE, 0) == MAP_FAILED && errno == ENOMEM);
    moved = mremap(start, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    assert(moved != MAP_FAILED && moved != start);
    assert(moved[0] == 7 && moved[4 * PAGE - 1] == 7 && moved[4 * PAGE] == 0 && moved[8 * PAGE - 1] == 0);
    assert(mremap(moved, 8 * PAGE, 2 * PAGE, 0) == moved && moved[2 * PAGE - 1] == 7);
    assert(write(1, moved + 2 * PAGE, 1) == -1 && errno == EFAULT);
    assert(munmap(wall, PAGE) == 0 && munmap(moved, 2 * PAGE) == 0);
}

static void *use_stack(void *argument) {
    volatile char large[100 * PAGE];
    for (int round = 0; round < 3; round++) {
        for (unsigned at = 0; at < sizeof large; at += PAGE) {
            large[at] = (char)at;
        }
        usleep(2000);
    }
    return large[PAGE * 2] == 0 ? argument : NULL;
}

/* A stack of 64 MiB for each takes what each uses. Interrupts come while pages are accessed for the first time. */
static void large_stacks(void) {
    pthread_t threads[THREADS];
    pthread_attr_t attributes;
    assert(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 64 * MIB) == 0);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < THREADS; i++) {
            assert(pthread_create(&threads[i], &attributes, use_stack, &threads[i]) == 0);
        }
        for (int i = 0; i < THREADS; i++) {
            void *result;
            assert(pthread_join(threads[i], &result) == 0 && result == &threads[i]);
        }
    }
}

int main(void) {
    reserve_and_commit();
    touch_sparsely();
    unmap_parts();
    replace();
    resize();
    large_stacks();
    assert(mmap(NULL, 64 * GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
    assert(mmap(NULL, 0, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    return 0;
}
