/* The values of a thread, from another thread, and the destructor that it is in. */
#include "harness.h"

static tsd_key_t first, second, unset;
static event_t set, looked, in_destructor, done;

static void destructor(void *value) {
    (void)value;
    event_signal(&in_destructor);
    event_wait(&done);
}

static void body(void *argument) {
    (void)argument;
    CHECK(tsd_set(second, value_of(2)) == 0);
    CHECK(tsd_set(first, value_of(1)) == 0);
    event_signal(&set);
    event_wait(&looked);
}

void test(void) {
    thread_t *thread;
    tsd_key_info_t info;
    void *value;
    uint32_t cursor = 0, round = 9;
    CHECK(tsd_key_create(&first, NULL) == 0);
    CHECK(tsd_key_create(&unset, NULL) == 0);
    CHECK(tsd_key_create(&second, destructor) == 0);
    thread = thread_start(body, NULL);
    event_wait(&set);
    CHECK(tsd_value_next(thread_structure(thread), &cursor, &info, &value) == 1);
    CHECK(info.key == first && value == value_of(1));
    CHECK(tsd_value_next(thread_structure(thread), &cursor, &info, &value) == 1);
    CHECK(info.key == second && value == value_of(2));
    CHECK(tsd_value_next(thread_structure(thread), &cursor, &info, &value) == 0);
    CHECK(tsd_thread_get(thread_structure(thread), second) == value_of(2));
    CHECK(tsd_thread_get(thread_structure(thread), unset) == NULL);
    CHECK(tsd_thread_destructor(thread_structure(thread), &round) == 0 && round == 0);
    event_signal(&looked);
    event_wait(&in_destructor);
    CHECK(tsd_thread_destructor(thread_structure(thread), &round) == second && round == 1);
    CHECK(tsd_thread_destructor(thread_structure(thread), NULL) == second);
    event_signal(&done);
    thread_join(thread);
    CHECK(tsd_key_delete(first) == 0 && tsd_key_delete(second) == 0 && tsd_key_delete(unset) == 0);
}
