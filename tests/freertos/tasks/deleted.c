/* Tasks that are deleted inside the library: at one instruction after the other. */
#include "harness.h"

static tsd_key_t key, other;
static TaskHandle_t victim;
static volatile unsigned step;
static volatile int is_deleted;

/* Comes when the timer does, and deletes the task that it has interrupted. */
static void deletes(void *argument) {
    (void)argument;
    for (;;) {
        ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        vTaskDelete(victim);
        is_deleted = 1;
    }
}

static void sets(void *cycles) {
    board_preempt_in((uint32_t)(uintptr_t)cycles);
    CHECK(tsd_set(key, VALUE(1)) == 0);
    step = 1;
    for (;;) {
    }
}

static void exits(void *cycles) {
    CHECK(tsd_set(key, VALUE(1)) == 0 && tsd_set(other, VALUE(2)) == 0);
    board_preempt_in((uint32_t)(uintptr_t)cycles);
    tsd_thread_exit(NULL);
    step = 1;
    for (;;) {
    }
}

/* Whether the value was destroyed once, or was the one whose destructor had begun or was about to. */
static int is_accounted_for(unsigned number, tsd_key_t its_key) {
    int was_lost = (last_report.flags & TSD_EXIT_INTERRUPTED) && last_report.interrupted == its_key;
    return destroyed[number] == 1 || (destroyed[number] == 0 && was_lost);
}

static unsigned whole, none;

static void look_after_set(void) {
    CHECK(destroyed[1] <= 1 && (step == 0 || destroyed[1] == 1) && last_report.flags == 0);
    whole += destroyed[1] == 1;
    none += destroyed[1] == 0;
}

static void look_after_exit(void) {
    CHECK(is_accounted_for(1, key) && is_accounted_for(2, other));
    CHECK(last_report.left_over == 0);
    whole += destroyed[1] + destroyed[2] == 2;
    none += destroyed[1] + destroyed[2] < 2;
}

/* Deletes a task a cycle later each time, until it has done with its call by then for a while. */
static void sweep(TaskFunction_t body, void (*look)(void)) {
    enum { PAST = 40 };
    key = new_key(destroy);
    other = new_key(destroy);
    whole = none = 0;
    intruder = start(deletes, NULL, HIGH);
    unsigned late = 0;
    for (uint32_t cycles = 1; late < PAST; cycles++) {
        step = 0;
        is_deleted = 0;
        destroyed[1] = destroyed[2] = 0;
        victim = start(body, VALUE(cycles), LOW);
        AWAIT(is_deleted);
        look();
        late = step == 0 ? 0 : late + 1;
    }
    TaskHandle_t task = intruder;
    intruder = NULL;
    vTaskDelete(task);
    CHECK(tsd_key_delete(key) == 0 && tsd_key_delete(other) == 0);
    /* Both have come. */
    CHECK(whole > 0 && none > 0);
}

void deleted_at_each_instruction_of_set(void) { sweep(sets, look_after_set); }

void deleted_at_each_instruction_of_exit(void) { sweep(exits, look_after_exit); }
