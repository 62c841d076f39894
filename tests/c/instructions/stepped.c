/*
 * tsd_get() inline, interrupted in front of each of its instructions by a handler that changes the slot or the table:
 * by the processor's own single step, whose signal handler is the interrupt.
 */
#define _GNU_SOURCE
#ifdef BY_VARIABLE
#define TSD_CURRENT() (&thread.tsd)
#endif
#include <asm/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <tsd.h>
#include <ucontext.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                     \
            fflush(stdout);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static struct thread {
    void *self;
    char other[56];
    tsd_thread_t tsd;
} thread;
TSD_CHECK_THREAD_POINTER(struct thread, tsd);

tsd_thread_t *tsd_current(void) {
    return &thread.tsd;
}

enum { TRAP_FLAG = 0x100 };

static char before[] = "before", from_handler[] = "from the handler";
static tsd_key_t key, next_key;
static int steps, interrupted_step;
static void (*interrupt)(void);

static void step(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)info;
    if (++steps == interrupted_step) {
        interrupt();
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    }
}

/*
 * The value of a get that is interrupted in front of its instruction of this number; 0 if it has no such instruction.
 * The flags are pushed where compilers may have put variables, unless told otherwise: -mno-red-zone.
 */
static int interrupted_get(int number, tsd_key_t of, void **value) {
    steps = 0;
    interrupted_step = number;
    __asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i"(TRAP_FLAG) : "memory", "cc");
    *value = tsd_get(of);
    __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i"(~TRAP_FLAG) : "memory", "cc");
    return steps == number;
}

/* ---- what the handler does ---- */

static void set(void) { CHECK(tsd_set(key, from_handler) == 0); }

static void delete(void) { CHECK(tsd_key_delete(key) == 0); }

/* With a table that has one index left, the next key has the index of the one before. */
static void replace(void) {
    delete();
    CHECK(tsd_key_create(&next_key, NULL) == 0 && tsd_set(next_key, from_handler) == 0);
}

static void set_next(void) { CHECK(tsd_set(next_key, from_handler) == 0); }

/* ---- from which state, and what may come of it ---- */

static void nothing(void) {}

static void has_value(void) { CHECK(tsd_set(key, before) == 0); }

/* The slot has a value of a key that is deleted, whose handle is asked for; the next key lives there. */
static void has_successor(void) {
    has_value();
    delete();
    CHECK(tsd_key_create(&next_key, NULL) == 0);
}

/* The slot has a value of a key that is deleted; the one that is asked for lives there. */
static void has_predecessor(void) {
    has_value();
    delete();
    CHECK(tsd_key_create(&key, NULL) == 0);
}

static const struct {
    void (*prepare)(void);
    void (*interrupt)(void);
    /* Besides NULL, or instead of it. */
    const char *may_be[2];
    int may_be_null;
} cases[] = {
    {has_value, nothing, {before, before}, 0},
    {has_value, set, {before, from_handler}, 0},
    {nothing, set, {from_handler, from_handler}, 1},
    {has_value, delete, {before, before}, 1},
    {has_value, replace, {before, before}, 1},
    {nothing, replace, {NULL, NULL}, 1},
    {has_successor, set_next, {NULL, NULL}, 1},
    {has_predecessor, set, {from_handler, from_handler}, 1},
};

int main(void) {
    struct sigaction action;
    tsd_key_t others[TSD_KEYS];
    size_t i, number;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = step;
    action.sa_flags = SA_SIGINFO;
    thread.self = &thread;
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)&thread) == 0);
    for (i = 0; i < TSD_KEYS - 1; i++) {
        CHECK(tsd_key_create(&others[i], NULL) == 0);
    }
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int is_interrupted = 1;
        for (number = 1; is_interrupted; number++) {
            void *value;
            key = next_key = 0;
            CHECK(tsd_key_create(&key, NULL) == 0);
            cases[i].prepare();
            interrupt = cases[i].interrupt;
            is_interrupted = interrupted_get((int)number, key, &value);
            if (!(value == NULL ? cases[i].may_be_null
                                : value == cases[i].may_be[0] || value == cases[i].may_be[1])) {
                printf("case %d, instruction %d: %s\n", (int)i, (int)number, value ? (char *)value : "NULL");
                return 1;
            }
            (void)(next_key ? tsd_key_delete(next_key) : tsd_key_delete(key));
        }
        /* As many as a get has, at least. */
        CHECK(number > 8);
    }
    return 0;
}
