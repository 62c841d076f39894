/* Tasks that lose the CPU inside the library: at one instruction after the other, and at random. */
#include "harness.h"

static tsd_key_t key, other;
static volatile unsigned intrusions;

/*
 * Comes when the timer does, before every task that is preempted. It stores under the same keys, and has an index
 * change its key meanwhile.
 */
static void intrudes(void *argument) {
    (void)argument;
    for (;;) {
        ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        CHECK(tsd_get(key) == NULL);
        CHECK(tsd_set(key, VALUE(60)) == 0 && tsd_set(other, VALUE(61)) == 0);
        tsd_key_t passing = new_key(destroy);
        CHECK(tsd_set(passing, VALUE(62)) == 0);
        CHECK(tsd_key_delete(passing) == 0);
        CHECK(tsd_get(key) == VALUE(60) && tsd_get(other) == VALUE(61));
        CHECK(tsd_set(key, NULL) == 0);
        intrusions++;
    }
}

static TaskHandle_t begin(void) {
    key = new_key(destroy);
    other = new_key(NULL);
    intrusions = 0;
    return intruder = start(intrudes, NULL, HIGH);
}

static void end(TaskHandle_t task) {
    intruder = NULL;
    board_draw_preemptions(0);
    vTaskDelete(task);
    CHECK(tsd_key_delete(key) == 0 && tsd_key_delete(other) == 0);
}

/* Calls `call` with the timer coming a cycle later each time, until it comes after the call for a while. */
static void sweep(void (*prepare)(void), void (*call)(void)) {
    enum { PAST = 200 };
    unsigned late = 0;
    for (uint32_t cycles = 1; late < PAST; cycles++) {
        prepare();
        unsigned before = intrusions;
        board_preempt_in(cycles);
        call();
        late = intrusions == before ? late + 1 : 0;
        while (intrusions == before) {
        }
    }
}

static void clear(void) { CHECK(tsd_set(key, NULL) == 0); }

static void set_one(void) { CHECK(tsd_set(key, VALUE(1)) == 0); }

/* Each time the slot is bound anew, since the exit of this task has left nothing. */
static void forget(void) {
    clear();
    tsd_thread_exit(NULL);
}

void preempted_at_each_instruction_of_set(void) {
    TaskHandle_t task = begin();
    sweep(forget, set_one);
    CHECK(tsd_get(key) == VALUE(1));
    sweep(clear, set_one);
    CHECK(tsd_get(key) == VALUE(1) && destructor_calls == 0);
    clear();
    CHECK(preempted_in_set.places > 10);
    end(task);
}

static unsigned exits;

static void set_several(void) {
    CHECK(tsd_set(key, VALUE(1)) == 0 && tsd_set(other, VALUE(2)) == 0);
}

static void leave(void) {
    tsd_exit_report_t report;
    tsd_thread_exit(&report);
    CHECK(report.calls == 1 && report.left_over == 0 && report.flags == 0);
    exits++;
    CHECK(destroyed[1] == exits && destructor_calls == exits);
    CHECK(tsd_get(key) == NULL && tsd_get(other) == NULL);
}

void preempted_at_each_instruction_of_exit(void) {
    TaskHandle_t task = begin();
    exits = 0;
    sweep(set_several, leave);
    CHECK(preempted_in_exit.places > 50);
    end(task);
}

/* ---- at random ---- */

static volatile unsigned ended;
static volatile int is_over;

static void comes_and_goes(void *argument) {
    unsigned number = (unsigned)(uintptr_t)argument;
    for (unsigned round = 0; round < 50; round++) {
        CHECK(tsd_set(key, VALUE(number)) == 0 && tsd_set(other, VALUE(number + 1)) == 0);
        CHECK(tsd_get(key) == VALUE(number) && tsd_get(other) == VALUE(number + 1));
    }
    /* What is deleted from outside has not told that it has ended. */
    if (number % 3 == 0) {
        vTaskDelay(portMAX_DELAY);
    }
    ended++;
    tsd_freertos_task_exit();
}

void preempted_at_random(void) {
    enum { ROUNDS = 300, TASKS = 6 };
    tsd_key_t ticks = new_key(NULL);
    TaskHandle_t task = begin();
    tick_key = ticks;
    unmasked_key = new_key(NULL);
    board_draw_preemptions(1);
    board_draw_unmasked(2);
    for (unsigned round = 0; round < ROUNDS; round++) {
        TaskHandle_t tasks[TASKS];
        ended = 0;
        for (unsigned number = 0; number < TASKS; number++) {
            tasks[number] = start(comes_and_goes, VALUE(1 + number), LOW + number % 3);
        }
        AWAIT(ended == TASKS - 2);
        vTaskDelete(tasks[2]);
        vTaskDelete(tasks[5]);
        for (unsigned number = 1; number <= TASKS; number++) {
            AWAIT(destroyed[number] == round + 1);
        }
    }
    tick_key = 0;
    CHECK(intrusions > ROUNDS);
    end(task);
    board_draw_unmasked(0);
    CHECK(tsd_key_delete(ticks) == 0 && tsd_key_delete(unmasked_key) == 0);
}
