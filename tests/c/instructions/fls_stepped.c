/*
 * Fls, with a thread that is killed in front of each instruction of each call; and with an exit in front of each of whose
 * instructions another CPU frees the index, alone or with a handler that takes its place for another key; and with a free in
 * front of each of whose instructions the callback's module goes and another one takes the index, with a free or without, or a key of the core does. The processor's single step
 * finds them, and the kill is made in a copy of the process. There the thread's exit runs, on the thread
 * itself or on behalf of it, or its structure is initialised for another. Then the lock must be free, the list must have
 * every thread that is alive, and each value must have had its callback once.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <tsd.h>
#include <tsd/windows.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static int number;
static const char *action_name, *end_name;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s, %s, instruction %d: line %d: %s\n", action_name, end_name, number, __LINE__, #condition);      \
            fflush(stdout);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

/* Threads by the order in which they join the list; VICTIM is the one that is killed. */
enum { FIRST, VICTIM, LAST, OBSERVER, GONE, THREADS };
static tsd_thread_t threads[THREADS];
static tsd_thread_t *current;

tsd_thread_t *tsd_current(void) { return current; }

/* What a process says beside that all is well: what was lost, and that the lock was held by the thread that stands. */
enum { FAILED = 1, LOST_VALUE = 2, LOST_INDEX = 4, WAITED = 8 };
/* What another CPU does, and a handler on the victim; it did, in this process. */
static enum { MEETS_NOTHING, MEETS_FREE, MEETS_FREE_AND_HANDLER, MEETS_PURGE, MEETS_PURGE_AND_KEY, MEETS_PURGE_AND_INDEX } meets;
static int has_met;

void tsd_wait(const uint32_t *word, uint32_t expected) {
    if (has_met) {
        _exit(WAITED);
    }
    while (__atomic_load_n(word, __ATOMIC_RELAXED) == expected) {
    }
}

void tsd_wake(const uint32_t *word) { (void)word; }

/* ---- values and their callbacks ---- */

static uint32_t index_, other;
static int calls[THREADS], other_calls[THREADS];

#define IN_CALLBACK __attribute__((section("callbacks"), noinline))
extern const char __start_callbacks[], __stop_callbacks[];

IN_CALLBACK static void callback(void *value) { ++*(int *)value; }

static void set(int thread, uint32_t of, int *values) {
    current = &threads[thread];
    CHECK(tsd_FlsSetValue(of, &values[thread]));
}

/* ---- the kill ---- */

enum { TRAP_FLAG = 0x100 };
static int was_in_callback;
static sigjmp_buf killed;

static int values_lost, indexes_lost, waits;
/* Of boundaries, for each value and for the index. */
enum { MOST_LOST = 20 };

static tsd_key_t handlers_key;
static uint32_t next_index;
static int handlers_value;

/* Of the module that takes the index: nobody stores a value. */
static void never(void *value) {
    (void)value;
    CHECK(!"a value of the index before");
}

/* The callback's module goes, another one takes its indexes and frees them. */
static void purge(void) {
    uint32_t first, second;
    tsd_keys_purge(__start_callbacks, __stop_callbacks);
    first = tsd_FlsAlloc(never);
    second = tsd_FlsAlloc(never);
    CHECK(tsd_FlsGetValue(index_) == NULL && tsd_GetLastError() == TSD_ERROR_INVALID_PARAMETER);
    CHECK(tsd_FlsFree(first) && tsd_FlsFree(second));
}

/* Another CPU does what it is to do, and the victim goes on undisturbed. */
static void meet(ucontext_t *context) {
    has_met = 1;
    context->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    current = &threads[OBSERVER];
    if (meets == MEETS_PURGE) {
        purge();
    } else if (meets == MEETS_PURGE_AND_KEY) {
        /* The lowest index that is free is the one of which a value may have been seen. */
        tsd_keys_purge(__start_callbacks, __stop_callbacks);
        current = &threads[FIRST];
        CHECK(tsd_key_create(&handlers_key, callback) == 0 && tsd_set(handlers_key, &handlers_value) == 0);
    } else if (meets == MEETS_PURGE_AND_INDEX) {
        tsd_keys_purge(__start_callbacks, __stop_callbacks);
        next_index = tsd_FlsAlloc(callback);
        CHECK(next_index != TSD_FLS_OUT_OF_INDEXES);
    } else {
        CHECK(tsd_FlsFree(index_));
    }
    current = &threads[VICTIM];
    if (meets == MEETS_FREE_AND_HANDLER) {
        CHECK(tsd_key_create(&handlers_key, callback) == 0 && tsd_set(handlers_key, &handlers_value) == 0);
    }
}

/* In front of an instruction: the victim is killed or met there in a copy of the process, and goes on in this one. */
static void step(int signal, siginfo_t *info, void *context) {
    uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    int status;
    pid_t copy;
    (void)signal;
    (void)info;
    number++;
    copy = fork();
    CHECK(copy >= 0);
    if (copy == 0) {
        was_in_callback = at >= (uintptr_t)__start_callbacks && at < (uintptr_t)__stop_callbacks;
        /* A process that waits for a lock which nobody gives back is ended. */
        alarm(60);
        if (meets) {
            meet(context);
            return;
        }
        siglongjmp(killed, 1);
    }
    CHECK(waitpid(copy, &status, 0) == copy && WIFEXITED(status) && !(WEXITSTATUS(status) & FAILED));
    values_lost += (WEXITSTATUS(status) & LOST_VALUE) != 0;
    indexes_lost += (WEXITSTATUS(status) & LOST_INDEX) != 0;
    waits += (WEXITSTATUS(status) & WAITED) != 0;
}

/* Runs the victim's action, and kills it in front of each instruction; whether this is a copy where it was killed. */
static int is_killed(void (*action)(void)) {
    number = values_lost = indexes_lost = waits = 0;
    current = &threads[VICTIM];
    /* The signal's mask comes with it: the handler is left for good. */
    if (sigsetjmp(killed, 1) != 0) {
        return 1;
    }
    __asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i"(TRAP_FLAG) : "memory", "cc");
    action();
    __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i"(~TRAP_FLAG) : "memory", "cc");
    return 0;
}

/* ---- what the victim does ---- */

static void sets(void) { tsd_FlsSetValue(index_, &calls[VICTIM]); }

static void sets_null(void) { tsd_FlsSetValue(index_, NULL); }

static void frees(void) { tsd_FlsFree(index_); }

static void exits(void) { tsd_thread_exit(NULL); }

static void initialises(void) { tsd_thread_init(&threads[GONE]); }

enum { JOINS = 1, IS_EXIT = 2, IS_FREE = 4 };
static const struct action {
    const char *name;
    void (*run)(void);
    int flags;
    /* The threads on the list before, in this order, ended by THREADS. */
    int before[THREADS];
} actions[] = {
    {"set, alone", sets, JOINS, {THREADS}},
    {"set, among others", sets, JOINS, {FIRST, LAST, THREADS}},
    {"set once more", sets, 0, {FIRST, VICTIM, LAST, THREADS}},
    {"set NULL", sets_null, 0, {FIRST, VICTIM, LAST, THREADS}},
    {"free, with no value", frees, IS_FREE, {FIRST, LAST, THREADS}},
    {"free", frees, IS_FREE, {FIRST, VICTIM, LAST, THREADS}},
    {"exit, alone", exits, IS_EXIT, {VICTIM, THREADS}},
    {"exit of the first", exits, IS_EXIT, {LAST, VICTIM, THREADS}},
    {"exit of the last", exits, IS_EXIT, {VICTIM, FIRST, THREADS}},
    {"exit of one between", exits, IS_EXIT, {FIRST, VICTIM, LAST, THREADS}},
    {"initialise one that is gone", initialises, 0, {FIRST, VICTIM, GONE, LAST, THREADS}},
};

/* ---- what becomes of it ---- */

static tsd_exit_report_t report;

static void by_exit(void) {
    current = &threads[VICTIM];
    tsd_thread_exit(&report);
}

static void by_reap(void) {
    current = &threads[VICTIM];
    tsd_thread_reap(&report);
}

static void by_init(void) {
    current = &threads[OBSERVER];
    tsd_thread_init(&threads[VICTIM]);
}

static const struct end {
    const char *name;
    void (*run)(void);
} ends[] = {{"exit", by_exit}, {"reap", by_reap}, {"init", by_init}};

static void begin(const struct action *action) {
    const int *thread;
    memset(&report, 0, sizeof report);
    memset(calls, 0, sizeof calls);
    memset(other_calls, 0, sizeof other_calls);
    index_ = tsd_FlsAlloc(callback);
    other = tsd_FlsAlloc(callback);
    CHECK(index_ != TSD_FLS_OUT_OF_INDEXES && other != TSD_FLS_OUT_OF_INDEXES);
    for (thread = action->before; *thread != THREADS; thread++) {
        set(*thread, index_, calls);
    }
}

/* Every thread that lives is on the list, and is so once: a free of an index that all have set finds each. */
static void check_list(void) {
    int thread;
    for (thread = 0; thread < GONE; thread++) {
        set(thread, other, other_calls);
    }
    current = &threads[OBSERVER];
    CHECK(tsd_FlsFree(other));
    for (thread = 0; thread < GONE; thread++) {
        CHECK(other_calls[thread] == 1);
    }
}

/* Whether a value was lost before its callback had begun. */
static int has_lost_value(const struct action *action, const struct end *end, int was_killed) {
    const int *thread;
    int lost = 0, had_victim = 0;
    for (thread = action->before; *thread != THREADS; thread++) {
        had_victim |= *thread == VICTIM;
        if (*thread != VICTIM && *thread != GONE) {
            lost += calls[*thread] == 0;
            CHECK(calls[*thread] <= 1);
        }
    }
    CHECK(calls[VICTIM] <= 1 && calls[GONE] == 0);
    /* A thread that has no exit takes its values with it. */
    if (had_victim && end->run != by_init && action->run != sets_null) {
        lost += calls[VICTIM] == 0;
    }
    if (lost != 0) {
        /* At most the one that was on its way. */
        CHECK(lost == 1 && was_killed && (action->flags & (IS_EXIT | IS_FREE)));
        /* A thread's exit says so. */
        CHECK(!(action->flags & IS_EXIT) || (report.flags & TSD_EXIT_INTERRUPTED));
    }
    return lost != 0 && !was_in_callback;
}

/* What comes after the action; FAILED and so on. */
static int finish(const struct action *action, const struct end *end, int was_killed, uint32_t keys) {
    int thread, says = 0;
    if (was_killed || action->run != initialises) {
        end->run();
    }
    if (action->run == initialises) {
        /* The thread that initialised it is killed, and another one does it. */
        current = &threads[OBSERVER];
        CHECK(tsd_thread_init(&threads[GONE]) == 0);
    }
    /* What is before it must be right for the thread that had been the first. */
    current = &threads[LAST];
    tsd_thread_exit(NULL);
    check_list();
    current = &threads[OBSERVER];
    /* Where that had not begun, or was forgotten. */
    tsd_FlsFree(index_);
    for (thread = 0; thread < THREADS; thread++) {
        current = &threads[thread];
        tsd_thread_exit(NULL);
        CHECK(tsd_thread_init(current) == 0);
    }
    says |= has_lost_value(action, end, was_killed) ? LOST_VALUE : 0;
    if (tsd_keys_in_use() != keys) {
        CHECK(was_killed && (action->flags & IS_FREE) && tsd_keys_in_use() == keys + 1);
        says |= LOST_INDEX;
    }
    return says;
}

static void run(const struct action *action, const struct end *end) {
    uint32_t keys = tsd_keys_in_use();
    int was_killed, says, values = 0;
    while (action->before[values] != THREADS) {
        values++;
    }
    action_name = action->name;
    end_name = end->name;
    begin(action);
    was_killed = is_killed(action->run);
    says = finish(action, end, was_killed, keys);
    if (was_killed) {
        _exit(says);
    }
    CHECK(says == 0);
    printf("%s, %s: %d boundaries; ", action_name, end_name, number);
    printf("at %d a value was lost, at %d an index\n", values_lost, indexes_lost);
    fflush(stdout);
    CHECK(number > 20);
    /* Between the steps by which a value is taken and its callback entered, and inside of tsd_key_delete(). An exit
     * reports what it lost. */
    CHECK((action->flags & IS_EXIT) || values_lost <= MOST_LOST * values);
    CHECK(indexes_lost <= MOST_LOST);
}

/* Each value gets its callback once, from the exit or from the free, whichever comes first. */
static void run_met(const struct action *action, const char *name, int by) {
    const int *thread;
    action_name = action->name;
    end_name = name;
    begin(action);
    meets = by;
    CHECK(!is_killed(action->run));
    meets = MEETS_NOTHING;
    /* What a handler sets after the exit's last look stays. */
    CHECK(!(has_met && by == MEETS_FREE_AND_HANDLER) || handlers_value + (tsd_get(handlers_key) != NULL) == 1);
    if (has_met && by == MEETS_PURGE_AND_KEY) {
        current = &threads[FIRST];
        CHECK(tsd_get(handlers_key) == &handlers_value && handlers_value == 0);
    }
    if (has_met && by == MEETS_PURGE_AND_INDEX) {
        current = &threads[FIRST];
        CHECK(tsd_FlsSetValue(next_index, &handlers_value) && tsd_FlsGetValue(next_index) == &handlers_value);
        current = &threads[OBSERVER];
        CHECK(handlers_value == 0 && tsd_FlsFree(next_index) && handlers_value == 1);
    }
    current = &threads[OBSERVER];
    CHECK(has_met || (action->flags & IS_FREE) || tsd_FlsFree(index_));
    for (thread = action->before; *thread != THREADS; thread++) {
        CHECK(calls[*thread] == 1 || (has_met && by >= MEETS_PURGE && calls[*thread] == 0));
    }
    if (has_met) {
        _exit(0);
    }
    printf("%s, %s: %d boundaries, at %d it waits\n", action_name, end_name, number, waits);
    fflush(stdout);
    CHECK(number > 20 && waits < number / 2);
    CHECK(tsd_FlsFree(other));
    for (thread = action->before; *thread != THREADS; thread++) {
        current = &threads[*thread];
        tsd_thread_exit(NULL);
        CHECK(tsd_thread_init(current) == 0);
    }
}

int main(void) {
    struct sigaction signal_action;
    size_t action, end;
    memset(&signal_action, 0, sizeof signal_action);
    signal_action.sa_sigaction = step;
    signal_action.sa_flags = SA_SIGINFO;
    CHECK(sigaction(SIGTRAP, &signal_action, NULL) == 0);
    for (action = 0; action < sizeof actions / sizeof actions[0]; action++) {
        if (actions[action].flags & IS_EXIT) {
            run_met(&actions[action], "met by a free", MEETS_FREE);
            run_met(&actions[action], "met by a free and a handler", MEETS_FREE_AND_HANDLER);
        }
        if (actions[action].flags & IS_FREE) {
            run_met(&actions[action], "met by a purge", MEETS_PURGE);
            run_met(&actions[action], "met by a purge and a key", MEETS_PURGE_AND_KEY);
            run_met(&actions[action], "met by a purge and an index", MEETS_PURGE_AND_INDEX);
        }
        for (end = 0; end < sizeof ends / sizeof ends[0]; end++) {
            /* What died in its exit is reaped. */
            if (!(actions[action].flags & IS_EXIT) || ends[end].run != by_exit) {
                run(&actions[action], &ends[end]);
            }
        }
    }
    return 0;
}
