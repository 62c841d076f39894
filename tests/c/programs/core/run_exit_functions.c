/* What exit() needs: the thread-exit functions run, the last one first, and one that comes meanwhile; keys stay. */
#include "harness.h"

static char order[8];

static void note(void *what) { order[strlen(order)] = *(const char *)what; }

static void note_and_register(void *what) {
    note(what);
    CHECK(tsd_at_thread_exit(note, "n") == 0);
}

void test(void) {
    tsd_key_t key;
    reset_calls();
    CHECK(tsd_run_exit_functions() == 0);
    CHECK(tsd_key_create(&key, count_call) == 0 && tsd_set(key, value_of(1)) == 0);
    CHECK(tsd_at_thread_exit(note, "1") == 0 && tsd_at_thread_exit(note_and_register, "2") == 0);
    CHECK(tsd_run_exit_functions() == 3 && strcmp(order, "2n1") == 0);
    CHECK(calls == 0 && tsd_get(key) == value_of(1));

    /* The thread goes on as it was. */
    CHECK(tsd_at_thread_exit(note, "3") == 0 && tsd_run_exit_functions() == 1 && strcmp(order, "2n13") == 0);
    CHECK(tsd_set(key, NULL) == 0 && tsd_key_delete(key) == 0);
}
