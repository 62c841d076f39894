/* What an exit does, seen by its calls alone, in archives that make no reports, too. */
#include "harness.h"

static tsd_key_t lower, middle, upper, plain;
static char seen[16];

static void see(char name) {
    size_t length = strlen(seen);
    CHECK(length + 1 < sizeof seen);
    seen[length] = name;
}

static void expect(const char *names) {
    CHECK(strcmp(seen, names) == 0);
    memset(seen, 0, sizeof seen);
}

/* It reads NULL under its own key, and what has no destructor is there until the last round. */
static void destroy_lower(void *value) {
    CHECK(value == value_of(1) && tsd_get(lower) == NULL && tsd_get(plain) == value_of(9));
    see('l');
}

/* What it sets at a higher index runs in the same round, at a lower one in the next. */
static void destroy_middle(void *value) {
    see('m');
    if (value == value_of(2)) {
        CHECK(tsd_set(lower, value_of(1)) == 0 && tsd_set(upper, value_of(3)) == 0);
    }
}

/* An exit inside the exit does nothing. */
static void destroy_upper(void *value) {
    CHECK(value == value_of(3));
    tsd_thread_exit(NULL);
    see('u');
}

static void sets_all(void *unused) {
    (void)unused;
    CHECK(tsd_set(lower, value_of(1)) == 0 && tsd_set(middle, value_of(2)) == 0);
    CHECK(tsd_set(plain, value_of(9)) == 0);
}

/* Its structure is as new afterwards. */
static void exits_twice(void *unused) {
    sets_all(unused);
    tsd_thread_exit(NULL);
    expect("lmul");
    CHECK(tsd_get(lower) == NULL && tsd_get(middle) == NULL && tsd_get(upper) == NULL && tsd_get(plain) == NULL);
    CHECK(tsd_set(middle, value_of(4)) == 0 && tsd_get(middle) == value_of(4));
}

static tsd_key_t again;

static void sets_again(void *value) {
    CHECK(tsd_set(again, value) == 0);
    see('a');
}

static void sets_for_ever(void *unused) {
    (void)unused;
    CHECK(tsd_set(again, value_of(5)) == 0);
    tsd_thread_exit(NULL);
    CHECK(strlen(seen) == TSD_ROUNDS && tsd_get(again) == NULL);
    memset(seen, 0, sizeof seen);
}

static event_t dead;

/* A thread that dies inside a destructor: what it had not come to gets its call when it is reaped, the rest does not. */
static void dies(void *value) {
    see(value == value_of(6) ? 'd' : '?');
    event_signal(&dead);
    thread_vanish();
}

static void dies_in_exit(void *unused) {
    (void)unused;
    CHECK(tsd_set(again, value_of(6)) == 0 && tsd_set(upper, value_of(3)) == 0);
    tsd_thread_exit(NULL);
}

static void reap(void) { tsd_thread_reap(NULL); }

void test(void) {
    thread_t *thread;
    CHECK(tsd_key_create(&lower, destroy_lower) == 0 && tsd_key_create(&middle, destroy_middle) == 0);
    CHECK(tsd_key_create(&plain, NULL) == 0 && tsd_key_create(&upper, destroy_upper) == 0);
    thread_join(thread_start(sets_all, NULL));
    expect("lmul");
    thread_join(thread_start(exits_twice, NULL));
    expect("m");
    CHECK(tsd_key_delete(lower) == 0 && tsd_key_create(&again, sets_again) == 0);
    thread_join(thread_start(sets_for_ever, NULL));
    expect("");
    /* At the index of the one before. */
    CHECK(tsd_key_delete(again) == 0 && tsd_key_create(&again, dies) == 0);
    thread = thread_start(dies_in_exit, NULL);
    event_wait(&dead);
    expect("d");
    as_thread(thread_structure(thread), reap);
    expect("u");
    thread_join(thread);
    CHECK(tsd_key_delete(middle) == 0 && tsd_key_delete(plain) == 0 && tsd_key_delete(upper) == 0);
    CHECK(tsd_key_delete(again) == 0);
}
