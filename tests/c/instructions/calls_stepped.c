/*
 * The core's calls, interrupted in front of each of their instructions by a handler that sets, deletes or creates keys:
 * by the processor's own single step, whose signal handler is the interrupt. After each run the thread exits, and each
 * value must have met its end: destroyed once, replaced, or its key deleted; none comes under another key.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <tsd.h>
#include <ucontext.h>
#include <unistd.h>

static const char *call_name, *action_name;
static int steps, interrupted_step;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s, %s, instruction %d: line %d: %s\n", call_name, action_name, interrupted_step, __LINE__,        \
                   #condition);                                                                                        \
            fflush(stdout);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static tsd_thread_t thread;

tsd_thread_t *tsd_current(void) { return &thread; }

/* ---- values: how often each was destroyed ---- */

enum { BEFORE, FROM_CALL, FROM_HANDLER, VALUES };
static int destroyed[VALUES];

static void destroy(void *value) { ++*(int *)value; }

/* ---- the interrupt ---- */

enum { TRAP_FLAG = 0x100 };
static void (*interrupt)(void);

static void step(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)info;
    if (++steps == interrupted_step) {
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
        interrupt();
    }
}

/* ---- the keys: `key` and, once that is deleted, `next` have the only index that is left ---- */

static tsd_key_t key, next, created;
/* What the handler found, whether it has set, and what its deletion said. */
static void *found;
static int has_set, has_deleted;
static int status;
static void *result;

static void gets(void) { found = tsd_get(key); }

static void sets(void) { has_set = tsd_set(key, &destroyed[FROM_HANDLER]) == 0; }

static void clears(void) { has_set = tsd_set(key, NULL) == 0; }

static void deletes(void) {
    found = tsd_get(key);
    has_deleted = tsd_key_delete(key) == 0;
}

static void creates(void) {
    tsd_key_t another;
    if (tsd_key_create(&another, destroy) == 0) {
        next = another;
        CHECK(tsd_get(next) == NULL);
    }
}

static void recreates(void) {
    deletes();
    creates();
}

static void renews(void) {
    recreates();
    has_set = next != 0 && tsd_set(next, &destroyed[FROM_HANDLER]) == 0;
}

static const struct action {
    const char *name;
    void (*run)(void);
} actions[] = {{"get", gets},       {"set", sets},           {"clear", clears},
               {"delete", deletes}, {"recreate", recreates}, {"renew", renews}};

/* ---- the calls ---- */

static void call_get(void) { result = tsd_get(key); }

static void call_set(void) { status = tsd_set(key, &destroyed[FROM_CALL]); }

static void call_clear(void) { status = tsd_set(key, NULL); }

static void call_delete(void) { status = tsd_key_delete(key); }

static void call_create(void) { status = tsd_key_create(&created, destroy); }

static void call_exit(void) { tsd_thread_exit(NULL); }

enum { HAS_VALUE = 1, HAS_PREDECESSOR = 2, HAS_NO_KEY = 4 };
static const struct call {
    const char *name;
    void (*run)(void);
    int state;
} calls[] = {
    {"get", call_get, HAS_VALUE},
    {"get, never set", call_get, 0},
    {"get over a predecessor's value", call_get, HAS_PREDECESSOR},
    {"set", call_set, HAS_VALUE},
    {"first set", call_set, 0},
    {"set over a predecessor's value", call_set, HAS_PREDECESSOR},
    {"clear", call_clear, HAS_VALUE},
    {"delete", call_delete, HAS_VALUE},
    {"create", call_create, HAS_NO_KEY},
    {"exit", call_exit, HAS_VALUE},
    {"exit with a predecessor's value", call_exit, HAS_PREDECESSOR},
};

static int is_one_of(const void *value, int first, int second) {
    return value == &destroyed[first] || value == &destroyed[second];
}

/* What is read of the keys after the call, whatever came in between. */
static void check_values(const struct call *call) {
    void *value = tsd_get(key);
    if (call->run == call_get && result != NULL) {
        CHECK(is_one_of(result, BEFORE, FROM_HANDLER));
        CHECK((call->state & HAS_VALUE) || result == &destroyed[FROM_HANDLER]);
    }
    if (has_deleted || (call->run == call_delete && status == 0)) {
        CHECK(value == NULL && tsd_set(key, &destroyed[BEFORE]) == TSD_EINVAL && tsd_key_delete(key) == TSD_EINVAL);
    } else if (call->run == call_set) {
        CHECK(status == 0 && (value == &destroyed[FROM_CALL] || has_set));
    }
    if (next != 0) {
        value = tsd_get(next);
        /* What <tsd.h> says of tsd_set() whose own key is deleted: its value, or its NULL, may be found. */
        CHECK(value == NULL || (has_set && (value == &destroyed[FROM_HANDLER] ||
                                            (call->run == call_set && value == &destroyed[FROM_CALL]))));
        CHECK(!has_set || value != NULL || call->run == call_exit || call->run == call_clear);
    }
    if (call->run == call_create) {
        /* One index: either the call or its handler got it. */
        CHECK((status == 0) == (next == 0) && (status == 0 || status == TSD_EAGAIN));
        CHECK(status != 0 || (tsd_get(created) == NULL && tsd_key_delete(created) == 0));
    }
}

static void run(const struct call *call, const struct action *action) {
    int last, live;
    void *at_end;
    for (interrupted_step = 1;; interrupted_step++) {
        memset(destroyed, 0, sizeof destroyed);
        key = next = created = 0;
        found = NULL;
        has_set = has_deleted = 0;
        CHECK(tsd_key_create(&key, destroy) == 0);
        if (call->state & (HAS_VALUE | HAS_PREDECESSOR)) {
            CHECK(tsd_set(key, &destroyed[BEFORE]) == 0);
        }
        if (call->state & (HAS_PREDECESSOR | HAS_NO_KEY)) {
            CHECK(tsd_key_delete(key) == 0);
        }
        if (call->state & HAS_PREDECESSOR) {
            CHECK(tsd_key_create(&key, destroy) == 0);
        }
        interrupt = action->run;
        steps = 0;
        __asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i"(TRAP_FLAG) : "memory", "cc");
        call->run();
        __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i"(~TRAP_FLAG) : "memory", "cc");
        last = steps < interrupted_step;
        check_values(call);
        live = !has_deleted && !(call->state & HAS_NO_KEY) && !(call->run == call_delete && status == 0);
        at_end = tsd_get(next != 0 ? next : key);
        /* What a handler sets after the last look of an exit is for the next one. */
        tsd_thread_exit(NULL);
        CHECK(destroyed[BEFORE] <= 1 && destroyed[FROM_CALL] <= 1 && destroyed[FROM_HANDLER] <= 1);
        CHECK(at_end == NULL || *(int *)at_end == 1);
        if (call->run == call_exit) {
            if ((call->state & HAS_VALUE) && live && action->run != clears && action->run != sets) {
                CHECK(destroyed[BEFORE] == 1);
            }
            if (call->state & HAS_PREDECESSOR) {
                CHECK(destroyed[BEFORE] == 0);
            }
            /* The deleter's, since it has got it before. */
            CHECK(!(has_deleted && found == &destroyed[BEFORE]) || destroyed[BEFORE] == 0);
            CHECK(!has_set || action->run == clears || destroyed[FROM_HANDLER] == 1);
        } else {
            CHECK(destroyed[BEFORE] + destroyed[FROM_CALL] + destroyed[FROM_HANDLER] == (at_end != NULL));
        }
        CHECK(tsd_get(key) == NULL && (next == 0 || tsd_get(next) == NULL));
        CHECK(next == 0 || tsd_key_delete(next) == 0);
        CHECK(!live || tsd_key_delete(key) == 0);
        if (last) {
            break;
        }
    }
    CHECK(interrupted_step > 10);
}

int main(void) {
    struct sigaction signal_action;
    tsd_key_t others[TSD_KEYS];
    size_t number, action;
    memset(&signal_action, 0, sizeof signal_action);
    signal_action.sa_sigaction = step;
    signal_action.sa_flags = SA_SIGINFO;
    CHECK(sigaction(SIGTRAP, &signal_action, NULL) == 0 && tsd_thread_init(&thread) == 0);
    for (number = 1; number < TSD_KEYS; number++) {
        CHECK(tsd_key_create(&others[number], destroy) == 0);
    }
    for (number = 0; number < sizeof calls / sizeof calls[0]; number++) {
        for (action = 0; action < sizeof actions / sizeof actions[0]; action++) {
            call_name = calls[number].name;
            action_name = actions[action].name;
            run(&calls[number], &actions[action]);
        }
    }
    return 0;
}
