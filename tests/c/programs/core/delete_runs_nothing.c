/* Deleting a key runs no destructor, now or later; the next key at the index gets no old value. */
#include "harness.h"

static tsd_key_t key;
static event_t set, deleted;

static void body(void *argument) {
    (void)argument;
    CHECK(tsd_set(key, value_of(1)) == 0);
    event_signal(&set);
    event_wait(&deleted);
    CHECK(tsd_get(key) == NULL);
}

void test(void) {
    static tsd_key_t later[TSD_KEYS];
    int i;
    thread_t *thread;
    tsd_exit_report_t report;
    CHECK(tsd_key_create(&key, count_call) == 0);
    thread = thread_start(body, NULL);
    event_wait(&set);
    CHECK(tsd_key_delete(key) == 0);
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_create(&later[i], count_call) == 0);
    }
    event_signal(&deleted);
    report = thread_join(thread);
    CHECK(report.calls == 0 && report.left_over == 0 && calls == 0);
    for (i = 0; i < TSD_KEYS; i++) {
        CHECK(tsd_key_delete(later[i]) == 0);
    }
}
