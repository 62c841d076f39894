/*
 * Cases on a CPU without compare-and-swap: which calls enter the critical section, and a timer that comes at random
 * instructions, whose handler does all that the thread does.
 */
#include <tsd/windows.h>

#include "kernel.h"

#if TSD_CRITICAL_SECTIONS

/* ---- the calls, by what they are counted as ---- */

enum call { CREATE, BIND, SET, GET, DELETE, EXIT, CALLS };
static const char *const call_names[] = {"create", "set_first", "set", "get", "delete", "exit"};
static uint32_t sections_of[CALLS], interrupts_in[CALLS];

/* ---- how often each enters the critical section ---- */

#define COUNT(which, expression)                                                                                       \
    do {                                                                                                               \
        const uint32_t since = critical_sections;                                                                      \
        CHECK(expression);                                                                                             \
        sections_of[which] = critical_sections - since;                                                                \
    } while (0)

static void make_each_call(void *argument) {
    static tsd_thread_t unused;
    tsd_key_t key, unbound;
    tsd_exit_report_t report;
    uint32_t before;
    CHECK(tsd_key_create(&unbound, count) == 0);
    COUNT(CREATE, tsd_key_create(&key, count) == 0);
    COUNT(BIND, tsd_set(key, argument) == 0);
    COUNT(SET, tsd_set(key, &key) == 0);
    COUNT(GET, tsd_get(key) == &key);

    /* Nor does any of these: what is not set, what clears, a static key, Win32's calls, a new thread. */
    before = critical_sections;
    CHECK(tsd_get(unbound) == NULL && tsd_set(unbound, NULL) == 0 && tsd_set(key, NULL) == 0 && tsd_get(key) == NULL);
    CHECK(tsd_set(key, argument) == 0 && tsd_static_get(scratch) == NULL);
    CHECK(TlsGetValue(key) == argument && GetLastError() == ERROR_SUCCESS && TlsSetValue(key, argument));
    CHECK(tsd_thread_init(&unused) == 0);
    CHECK(critical_sections == before);

    COUNT(EXIT, (tsd_thread_exit(&report), report.calls == 1 && report.left_over == 0));
    before = critical_sections;
    tsd_thread_exit(&report);
    CHECK(report.calls == 0 && critical_sections == before);

    COUNT(DELETE, tsd_key_delete(key) == 0);
    before = critical_sections;
    CHECK(tsd_get(key) == NULL && tsd_set(key, argument) == TSD_EINVAL);
    CHECK(critical_sections == before);
    CHECK(tsd_key_delete(unbound) == 0);
}

void critical_sections_of_each_call(void) {
    thread_join(thread_start(make_each_call, sections_of));
    CHECK(sections_of[GET] == 0 && sections_of[SET] == 0);
    CHECK(sections_of[CREATE] > 0 && sections_of[BIND] > 0 && sections_of[DELETE] > 0 && sections_of[EXIT] > 0);
}

/* The kernel's own masking is as before after a call, be it on or off. */
void masked_interrupts_stay_masked(void) {
    CHECK(!interrupts_are_masked());
    for (unsigned masks = 0; masks < 2; masks++) {
        const uintptr_t before = masks ? interrupts_mask() : 0;
        tsd_key_t key;
        CHECK(tsd_key_create(&key, NULL) == 0 && interrupts_are_masked() == masks);
        CHECK(tsd_set(key, &key) == 0 && interrupts_are_masked() == masks);
        CHECK(tsd_key_delete(key) == 0 && interrupts_are_masked() == masks);
        if (masks) {
            interrupts_restore(before);
        }
    }
    CHECK(!interrupts_are_masked());
}

/* ---- values: each is destroyed once, or taken once ---- */

enum { PLACES = 32, LIVES = 400, KEYS_OF_ONE = 2, LONGEST_WAIT = 900, STORES_IN_AN_EXIT = 3 };
static struct {
    uintptr_t token; /* 0 where there is no value */
    tsd_key_t key;
} places[PLACES];
static uint32_t serial, made, destroyed, taken, interrupts;
static volatile enum call in_call = CALLS;
static volatile int is_in_exit, stores_left;

static uintptr_t make_value(tsd_key_t key) {
    const uintptr_t before = interrupts_mask();
    uintptr_t place = 0;
    while (places[place].token != 0) {
        CHECK(++place < PLACES);
    }
    places[place].token = ++serial * PLACES + place;
    places[place].key = key;
    made++;
    const uintptr_t token = places[place].token;
    interrupts_restore(before);
    return token;
}

static void end_value(uintptr_t token, uint32_t *counter) {
    const uintptr_t before = interrupts_mask();
    CHECK(token != 0 && places[token % PLACES].token == token);
    places[token % PLACES].token = 0;
    ++*counter;
    interrupts_restore(before);
}

static void destroy_value(void *value) { end_value((uintptr_t)value, &destroyed); }

/* ---- the thread, and the timer's handler: each has keys of its own ---- */

struct actor {
    struct held {
        tsd_key_t key;   /* 0: none */
        tsd_key_t stale; /* one that was deleted */
        uintptr_t token; /* what was stored, if anything */
    } held[KEYS_OF_ONE];
    uint32_t random;
};
static struct actor the_thread = {.random = 0x9E3779B9}, the_handler = {.random = 0x2545F491};

/* A number below the bound, which is at most 65536. */
static uint32_t random_below(struct actor *actor, uint32_t bound) {
    actor->random ^= actor->random << 13;
    actor->random ^= actor->random >> 17;
    actor->random ^= actor->random << 5;
    return ((actor->random >> 16) * bound) >> 16;
}

#define DURING(which, result, expression)                                                                              \
    do {                                                                                                               \
        const enum call outer = in_call;                                                                               \
        in_call = (which);                                                                                             \
        (result) = (expression);                                                                                       \
        in_call = outer;                                                                                               \
    } while (0)

/* An exit must come to an end: each value may take a round. */
static int may_store(void) { return !is_in_exit || stores_left-- > 0; }

/* What the slot has, which is what was stored last; an exit may have taken it. */
static uintptr_t read_value(const struct held *held) {
    void *value;
    DURING(GET, value, tsd_get(held->key));
    CHECK((uintptr_t)value == held->token || (value == NULL && is_in_exit));
    return (uintptr_t)value;
}

static void create_key(struct held *held) {
    int status;
    DURING(CREATE, status, tsd_key_create(&held->key, destroy_value));
    CHECK(status == 0 && tsd_get(held->key) == NULL && held->key != held->stale);
    held->token = 0;
}

static void store_or_take(struct held *held) {
    const uintptr_t found = read_value(held);
    int status;
    if (found == 0 && !may_store()) {
        return;
    }
    held->token = found == 0 ? make_value(held->key) : 0;
    DURING(SET, status, tsd_set(held->key, (void *)held->token));
    CHECK(status == 0);
    if (found != 0) {
        end_value(found, &taken);
    }
}

static void delete_key(struct held *held) {
    const uintptr_t found = read_value(held);
    int status;
    DURING(DELETE, status, tsd_key_delete(held->key));
    CHECK(status == 0 && tsd_key_delete(held->key) == TSD_EINVAL);
    held->stale = held->key;
    held->key = 0;
    if (found != 0) {
        end_value(found, &taken);
    }
}

static void step(struct actor *actor) {
    struct held *held = &actor->held[random_below(actor, KEYS_OF_ONE)];
    const uint32_t choice = random_below(actor, 16);
    if (held->key == 0) {
        create_key(held);
    } else if (choice < 8) {
        store_or_take(held);
    } else if (choice < 11) {
        (void)read_value(held);
    } else if (choice < 13) {
        delete_key(held);
    }
    /* A handle that was deleted stays dead, whoever has the index now. */
    if (held->stale != 0) {
        CHECK(tsd_get(held->stale) == NULL && tsd_set(held->stale, &made) == TSD_EINVAL);
    }
}

uint32_t timer_came(void) {
    interrupts++;
    if (in_call < CALLS) {
        interrupts_in[in_call]++;
    }
    step(&the_handler);
    return 1 + random_below(&the_handler, LONGEST_WAIT);
}

/* ---- lives of threads, with the timer all the while ---- */

static void forget_values(struct actor *actor) {
    for (int i = 0; i < KEYS_OF_ONE; i++) {
        CHECK(tsd_get(actor->held[i].key) == NULL);
        actor->held[i].token = 0;
    }
}

static void live(void *argument) {
    tsd_exit_report_t report;
    (void)argument;
    timer_start(LONGEST_WAIT);
    for (uint32_t steps = 10 + random_below(&the_thread, 30); steps > 0; steps--) {
        step(&the_thread);
    }
    stores_left = STORES_IN_AN_EXIT;
    is_in_exit = 1;
    in_call = EXIT;
    tsd_thread_exit(&report);
    in_call = CALLS;
    timer_stop();
    CHECK(report.left_over == 0);
    /* What the handler has stored since. */
    tsd_thread_exit(&report);
    CHECK(report.left_over == 0);
    is_in_exit = 0;
    forget_values(&the_thread);
    forget_values(&the_handler);
    for (int place = 0; place < PLACES; place++) {
        CHECK(places[place].token == 0);
        places[place].token = 0;
    }
}

void interrupts_at_random(void) {
    struct actor *const actors[] = {&the_thread, &the_handler};
    for (int lives = 0; lives < LIVES; lives++) {
        thread_join(thread_start(live, NULL));
    }
    for (int i = 0; i < 2 * KEYS_OF_ONE; i++) {
        struct held *held = &actors[i % 2]->held[i / 2];
        CHECK(held->key == 0 || tsd_key_delete(held->key) == 0);
    }
    CHECK(made == destroyed + taken);
}

void print_critical_figures(void) {
    for (int call = 0; call < CALLS; call++) {
        print_figure("sections_of_", call_names[call], sections_of[call]);
    }
    for (int call = 0; call < CALLS; call++) {
        if (call != BIND) {
            print_figure("interrupts_in_", call_names[call], interrupts_in[call]);
        }
    }
    print_figure("interrupts", "", interrupts);
    print_figure("critical_sections", "", critical_sections);
    print_figure("values", "", made);
    print_figure("values_destroyed", "", destroyed);
    print_figure("values_taken", "", taken);
}

#endif
