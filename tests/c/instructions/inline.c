/*
 * tsd_get() inline: it agrees with the one in the archive for live, deleted, re-created and wild keys, on two threads.
 * The calls for static keys inline: they agree with those that take the handle.
 */
#define _GNU_SOURCE
#ifdef BY_VARIABLE
#define TSD_CURRENT() (&running->tsd)
#endif
#include <asm/prctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <tsd.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                     \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

/* What the register, or the pointer behind it, points to: the tsd_thread_t is at offset 64. */
struct thread {
    void *self;
    char other[56];
    tsd_thread_t tsd;
};
TSD_CHECK_THREAD_POINTER(struct thread, tsd);

static struct thread threads[2];
static struct thread *running;

tsd_thread_t *tsd_current(void) {
    return running ? &running->tsd : NULL;
}

#define KEYS(KEY) KEY(first, NULL, 0) KEY(last, NULL, TSD_KEY_LAST_PHASE)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);

static int run(struct thread *thread) {
    running = thread;
    thread->self = thread;
    return (int)syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)thread);
}

/* The function in the archive, which the header's inline one stands for. */
void *tsd_get_out_of_line(tsd_key_t key) TSD_SYMBOL(tsd_get);

static int static_keys(void) {
    int mine = 1, others = 2;
    CHECK(run(&threads[0]) == 0 && tsd_static_get(first) == NULL && tsd_static_get(last) == NULL);
    CHECK(tsd_static_set(last, &mine) == 0 && tsd_static_get(last) == &mine && tsd_get(last) == &mine);
    CHECK(tsd_static_set(last, &others) == 0 && tsd_get_out_of_line(last) == &others && tsd_get(first) == NULL);
    CHECK(tsd_set(first, &mine) == 0 && tsd_static_get(first) == &mine && tsd_static_get(last) == &others);
    CHECK(run(&threads[1]) == 0 && tsd_static_get(first) == NULL && tsd_static_get(last) == NULL);
    CHECK(tsd_static_set(first, &others) == 0 && run(&threads[0]) == 0 && tsd_static_get(first) == &mine);
    return 0;
}

/* No thread is current while the pointer is NULL, where the archive follows it or asks the hook. */
static int no_thread(void) {
    static struct thread *nobody;
    CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)&nobody) == 0);
    running = NULL;
    CHECK(tsd_get_out_of_line(first) == NULL && tsd_set(first, &running) == TSD_ESRCH);
    return run(&threads[0]);
}

int main(void) {
    tsd_key_t old, key, wild = 0;
    int mine = 1, others = 2, round;
    CHECK(run(&threads[1]) == 0 && run(&threads[0]) == 0);
    CHECK(tsd_key_create(&old, NULL) == 0 && tsd_get(old) == NULL);
    CHECK(tsd_set(old, &mine) == 0 && tsd_get(old) == &mine);
    CHECK(tsd_key_delete(old) == 0 && tsd_get(old) == NULL);
    CHECK(tsd_key_create(&key, NULL) == 0 && tsd_get(key) == NULL && tsd_get(old) == NULL);
    CHECK(tsd_set(key, &mine) == 0 && tsd_get(key) == &mine && tsd_get(old) == NULL);
    CHECK(run(&threads[1]) == 0 && tsd_get(key) == NULL);
    CHECK(tsd_set(key, &others) == 0 && tsd_get(key) == &others);
    CHECK(run(&threads[0]) == 0 && tsd_get(key) == &mine);
    for (round = 0; round < 100000; round++) {
        CHECK(tsd_get(wild) == tsd_get_out_of_line(wild));
        CHECK(tsd_get(wild) == (wild == key ? &mine : NULL));
        wild = round < 5000 ? wild + 1 : wild * 1664525u + 1013904223u;
    }
    CHECK(tsd_get(0xffffffffu) == NULL);
    CHECK(no_thread() == 0);
    return static_keys();
}
