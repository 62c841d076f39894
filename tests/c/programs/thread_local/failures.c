/* Where there is no thread, no memory or no key, the hook is told, the program goes on with what it gives, and nothing is
 * kept: the next use is as the first. */
#include "emulation.h"

#define COUNT 20

static variable_t variables[COUNT];
static variable_t enormous = {SIZE_MAX - 8, 64, 0, NULL};
static int number;

static void *address(int index) { return tsd___emutls_get_address(&variables[index]); }

static void expect(int error) {
    int before = failures;
    CHECK(address(number) == elsewhere && failures == before + 1 && last_error == error);
}

static void expect_no_thread(void) { expect(TSD_ESRCH); }

static void without_memory(void *argument) {
    /* The first use takes two, one for the block's address; the sixteenth likewise. */
    for (number = 0; number < COUNT; number++) {
        int steps = number % 15 == 0 ? 2 : 1;
        for (int step = 0; step < steps; step++) {
            granted = step;
            expect(TSD_ENOMEM);
            if (step == 0) {
                continue;
            }
            /* What came before the failure is not lost. */
            granted = 0;
            expect(TSD_ENOMEM);
        }
        granted = 1;
        CHECK(*(int *)address(number) == 0);
        *(int *)address(number) = number;
    }
    granted = 1000;
    for (number = 0; number < COUNT; number++) {
        CHECK(*(int *)address(number) == number);
    }
    CHECK(tsd___emutls_get_address(&enormous) == elsewhere && last_error == TSD_ENOMEM);
    number = 0;
    without_thread(expect_no_thread);
    (void)argument;
}

static void without_keys(void *argument) {
    static tsd_key_t keys[TSD_KEYS];
    int free_ones = TSD_KEYS - (int)tsd_keys_in_use();
    for (int i = 0; i < free_ones; i++) {
        CHECK(tsd_key_create(&keys[i], NULL) == 0);
    }
    expect(TSD_EAGAIN);
    for (int i = 0; i < free_ones; i++) {
        CHECK(tsd_key_delete(keys[i]) == 0);
    }
    without_thread(expect_no_thread);
    CHECK(allocations == 0);
    (void)argument;
}

static void without_the_key(void *argument) {
    expect(TSD_EINVAL);
    (void)argument;
}

static void delete_the_key(void) {
    tsd_key_info_t info;
    uint32_t cursor = 0;
    while (tsd_key_next(&cursor, &info)) {
        if (strcmp(info.name, "thread_local") == 0) {
            CHECK(tsd_key_delete(info.key) == 0);
            keys_kept--;
        }
    }
}

void test(void) {
    for (int i = 0; i < COUNT; i++) {
        variables[i].size = variables[i].alignment = sizeof(int);
    }
    keys_kept = 1;
    CHECK(run_thread(without_keys, NULL).calls == 0);
    CHECK(run_thread(without_memory, NULL).calls == 1);
    CHECK(allocations == COUNT + 2 && frees == allocations);
    delete_the_key();
    CHECK(run_thread(without_the_key, NULL).calls == 0);
    CHECK(keys_kept == 0 && allocations == COUNT + 3 && frees == allocations);
}
