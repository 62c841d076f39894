/* Each thread has its own block of each variable, aligned, begun as the variable says, where it was the last time; and
 * gives everything back when it ends. */
#include "emulation.h"

#define VARIABLES 40

static const unsigned char text[11] = "0123456789";
static const uintptr_t words[3] = {1, 2, 3};
static variable_t odd = {sizeof text, 1, 0, text};
static variable_t three = {sizeof words, sizeof words[0], 0, words};
static variable_t lines = {200, 64, 0, NULL};
static variable_t page = {1, 4096, 0, NULL};
static variable_t many[VARIABLES];
static void *first_threads[VARIABLES];
static event_t is_used, is_compared;

static void *address(variable_t *variable) { return tsd___emutls_get_address(variable); }

static void look_at_new_ones(void) {
    const unsigned char *line = address(&lines);
    CHECK(memcmp(address(&odd), text, sizeof text) == 0);
    CHECK(memcmp(address(&three), words, sizeof words) == 0);
    for (size_t i = 0; i < lines.size; i++) {
        CHECK(line[i] == 0);
    }
    CHECK(*(char *)address(&page) == 0);
    CHECK((uintptr_t)line % 64 == 0 && (uintptr_t)address(&page) % 4096 == 0);
    CHECK((uintptr_t)address(&three) % sizeof(uintptr_t) == 0);
    for (int i = 0; i < VARIABLES; i++) {
        CHECK(*(int *)address(&many[i]) == 0);
    }
}

static void change(int by) {
    memset(address(&odd), by, sizeof text);
    memset(address(&three), by, sizeof words);
    memset(address(&lines), by, lines.size);
    memset(address(&page), by, page.size);
    for (int i = 0; i < VARIABLES; i++) {
        *(int *)address(&many[i]) = i + by;
    }
}

static void use(void *argument) {
    void *before[VARIABLES];
    look_at_new_ones();
    for (int i = 0; i < VARIABLES; i++) {
        before[i] = address(&many[i]);
        CHECK(argument == NULL || before[i] != first_threads[i]);
        first_threads[i] = before[i];
    }
    change(argument ? 2 : 1);
    if (argument) {
        event_signal(&is_compared);
    } else {
        event_signal(&is_used);
        event_wait(&is_compared);
    }
    for (int i = 0; i < VARIABLES; i++) {
        CHECK(address(&many[i]) == before[i] && *(int *)before[i] == i + (argument ? 2 : 1));
    }
}

void test(void) {
    thread_t *first;
    for (int i = 0; i < VARIABLES; i++) {
        many[i].size = many[i].alignment = sizeof(int);
    }
    keys_kept = 1;
    for (int round = 0; round < 3; round++) {
        is_used.happened = is_compared.happened = 0;
        first = thread_start(use, NULL);
        event_wait(&is_used);
        CHECK(run_thread(use, &is_used).last_phase_rounds == 1);
        CHECK(thread_join(first).calls == 1);
        /* A block for each variable, and three for their addresses. */
        CHECK(allocations == 2 * (round + 1) * (4 + VARIABLES + 3) && frees == allocations);
    }
    CHECK(failures == 0);
}
