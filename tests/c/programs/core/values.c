/* Values are per thread: a new key reads NULL in threads that run, a new thread reads NULL for every key. */
#include "harness.h"

static tsd_key_t key;
static event_t created, checked;

static void earlier_thread(void *argument) {
    (void)argument;
    event_wait(&created);
    CHECK(tsd_get(key) == NULL);
    CHECK(tsd_set(key, value_of(2)) == 0);
    event_signal(&checked);
    CHECK(tsd_get(key) == value_of(2));
}

static void later_thread(void *argument) {
    CHECK(tsd_get(key) == NULL);
    CHECK(tsd_set(key, argument) == 0);
    CHECK(tsd_get(key) == argument);
    CHECK(tsd_set(key, NULL) == 0);
    CHECK(tsd_get(key) == NULL);
}

void test(void) {
    thread_t *thread = thread_start(earlier_thread, NULL);
    CHECK(tsd_key_create(&key, NULL) == 0);
    CHECK(tsd_get(key) == NULL);
    CHECK(tsd_set(key, value_of(1)) == 0);
    event_signal(&created);
    event_wait(&checked);
    CHECK(tsd_get(key) == value_of(1));
    thread_join(thread);
    run_thread(later_thread, value_of(3));
    CHECK(tsd_get(key) == value_of(1));
    CHECK(tsd_key_delete(key) == 0);
}
