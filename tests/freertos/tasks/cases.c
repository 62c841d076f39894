/* Tasks that come, go and are deleted, each with values. */
#include "harness.h"

static tsd_key_t key, other;
static tsd_once_t control;
static volatile unsigned step;

static void set_both(unsigned first, unsigned second) {
    CHECK(tsd_set(key, VALUE(first)) == 0);
    CHECK(tsd_set(other, VALUE(second)) == 0);
}

static void begin(tsd_destructor_t destructor) {
    key = new_key(destructor);
    other = new_key(destroy);
    step = 0;
}

static void end(void) { CHECK(tsd_key_delete(key) == 0 && tsd_key_delete(other) == 0); }

/* ---- values ---- */

static void before_the_scheduler(void) { CHECK(seen_before_the_scheduler); }

static void has_values(void *argument) {
    unsigned number = (unsigned)(uintptr_t)argument;
    CHECK(tsd_get(key) == NULL && tsd_get(other) == NULL);
    set_both(number, number + 1);
    for (int round = 0; round < 20; round++) {
        CHECK(tsd_get(key) == VALUE(number) && tsd_get(other) == VALUE(number + 1));
        vTaskDelay(1);
    }
    step++;
    tsd_freertos_task_exit();
}

static void values_are_per_task(void) {
    begin(destroy);
    for (unsigned task = 0; task < 9; task++) {
        start(has_values, VALUE(1 + 2 * task), LOW + task % 3);
    }
    AWAIT(step == 9);
    for (unsigned number = 1; number <= 18; number++) {
        AWAIT(destroyed[number] == 1);
    }
    CHECK(destructor_calls == 18);
    end();
}

static void is_interrupted(void *argument) {
    (void)argument;
    CHECK(tsd_set(key, NULL) == 0);
    /* Nobody stores under the key but the tick handler, while this task spins. */
    while ((uintptr_t)tsd_get(key) < 10) {
    }
    step = 1;
    tsd_freertos_task_exit();
}

static void tick_handler_has_the_interrupted_tasks_values(void) {
    begin(NULL);
    tick_key = key;
    start(is_interrupted, NULL, LOW);
    AWAIT(step == 1);
    /* This task was asleep most of the time, and its value is its own. */
    CHECK((uintptr_t)tsd_get(key) < 10);
    tick_key = 0;
    end();
}

/* ---- ends ---- */

static void ends(void *argument) {
    set_both(1, 2);
    step = 1;
    if (argument != NULL) {
        tsd_freertos_task_exit();
    }
    vTaskDelete(NULL);
}

static void exit_runs_on_the_task_itself(void) {
    begin(destroy);
    TaskHandle_t task = start(ends, VALUE(1), HIGH);
    CHECK(destroyed[1] == 1 && destroyed[2] == 1 && destroyer[1] == task && destroyer[2] == task);
    end();
}

static void task_without_an_exit_is_buried_by_the_idle_task(void) {
    begin(destroy);
    start(ends, NULL, HIGH);
    CHECK(step == 1 && destructor_calls == 0);
    AWAIT(destructor_calls == 2);
    CHECK(destroyer[1] == xTaskGetIdleTaskHandle() && destroyed[1] == 1 && destroyed[2] == 1);
    end();
}

static void waits(void *argument) {
    (void)argument;
    set_both(1, 2);
    step = 1;
    for (;;) {
        vTaskDelay(1);
    }
}

static void spins(void *argument) {
    (void)argument;
    set_both(1, 2);
    step = 1;
    for (;;) {
    }
}

static void deleted_by_another_task(void) {
    for (int is_ready = 0; is_ready < 2; is_ready++) {
        begin(destroy);
        destroyed[1] = destroyed[2] = 0;
        tsd_set(key, VALUE(3));
        TaskHandle_t task = start(is_ready ? spins : waits, NULL, LOW);
        AWAIT(step == 1);
        vTaskDelete(task);
        /* The destructors have run here, and this task's own value is as it was. */
        CHECK(tsd_get(key) == VALUE(3) && tsd_get(other) == NULL && destroyed[3] == 0);
        CHECK(destroyed[1] == 1 && destroyed[2] == 1 && destroyer[1] == xTaskGetCurrentTaskHandle());
        end();
    }
}

/* Others run meanwhile; the dead task's values are still the ones that are found here. */
static void blocks_and_looks(void *value) {
    if (value == VALUE(1)) {
        vTaskDelay(5);
        CHECK(tsd_get(other) == VALUE(2));
    }
    destroy(value);
}

static void destructor_of_a_deleted_task_blocks(void) {
    begin(blocks_and_looks);
    tsd_set(other, VALUE(3));
    start(has_values, VALUE(10), LOW);
    TaskHandle_t task = start(waits, NULL, MIDDLE);
    AWAIT(step == 1);
    vTaskDelete(task);
    CHECK(destroyed[1] == 1 && destroyed[2] == 1 && tsd_get(other) == VALUE(3));
    AWAIT(step == 2);
    AWAIT(destroyed[10] == 1 && destroyed[11] == 1);
    end();
}

/* ---- ends inside a destructor ---- */

static void destructor_waits(void *value) {
    destroy(value);
    step = 2;
    for (;;) {
        vTaskDelay(1);
    }
}

static void deleted_inside_a_destructor(void) {
    begin(destructor_waits);
    TaskHandle_t task = start(ends, VALUE(1), LOW);
    AWAIT(step == 2);
    vTaskDelete(task);
    /* The destructor that had begun is not called again. */
    CHECK(destroyed[1] == 1 && destroyed[2] == 1 && destroyer[1] == task && destroyer[2] != task);
    end();
}

static void destructor_deletes_its_task(void *value) {
    destroy(value);
    vTaskDelete(NULL);
}

static void deletes_itself_inside_a_destructor(void) {
    begin(destructor_deletes_its_task);
    TaskHandle_t task = start(ends, VALUE(1), LOW);
    AWAIT(destructor_calls == 2);
    CHECK(destroyed[1] == 1 && destroyed[2] == 1 && destroyer[1] == task);
    CHECK(destroyer[2] == xTaskGetIdleTaskHandle());
    end();
}

/* ---- once, across priorities ---- */

static void slow_routine(void) {
    step = 1;
    for (int round = 0; round < 5; round++) {
        vTaskDelay(1);
    }
    step = 2;
}

static void initialises(void *argument) {
    (void)argument;
    CHECK(tsd_once(&control, slow_routine) == 0);
    tsd_freertos_task_exit();
}

static void fails_if_called(void) { CHECK(!"called again"); }

static void once_waits_for_a_task_of_a_lower_priority(void) {
    begin(destroy);
    control = TSD_ONCE_INIT;
    start(initialises, NULL, LOW);
    AWAIT(step == 1);
    CHECK(tsd_once(&control, fails_if_called) == 0 && step == 2);
    end();
}

/* ---- after the exit ---- */

/* As a tick handler does that interrupts the task between its exit and its deletion. */
static void sets_after_its_exit(void *argument) {
    (void)argument;
    set_both(1, 2);
    tsd_thread_exit(NULL);
    set_both(3, 4);
    vTaskDelete(NULL);
}

static void value_that_is_set_after_the_exit_is_destroyed(void) {
    begin(destroy);
    start(sets_after_its_exit, NULL, HIGH);
    AWAIT(destructor_calls == 4);
    for (unsigned number = 1; number <= 4; number++) {
        CHECK(destroyed[number] == 1);
    }
    end();
}

/* ---- memory ---- */

static void static_memory_serves_the_next_task(void) {
    static StaticTask_t block;
    static StackType_t stack[STACK_WORDS];
    begin(destroy);
    for (unsigned round = 0; round < 4; round++) {
        step = 0;
        destroyed[1] = destroyed[2] = 0;
        /* By turns deleted by another task and by itself. */
        TaskFunction_t body = round % 2 == 0 ? waits : ends;
        TaskHandle_t task = xTaskCreateStatic(body, "static", STACK_WORDS, VALUE(1), LOW, stack, &block);
        AWAIT(step == 1);
        if (round % 2 == 0) {
            vTaskDelete(task);
        }
        AWAIT(destroyed[1] == 1 && destroyed[2] == 1);
        /* The idle task must have done with the memory. */
        vTaskDelay(2);
    }
    end();
}

static void idle_task_cleans_up_after_many(void) {
    begin(destroy);
    for (unsigned round = 0; round < 100; round++) {
        start(ends, VALUE(round % 2), HIGH);
        start(ends, VALUE(1), LOW);
        AWAIT(destructor_calls == 4 * (round + 1));
    }
    CHECK(destroyed[1] == 200 && destroyed[2] == 200);
    end();
}

/* ---- generations ---- */

/* Keys come and go at one index, each a number that was never there; a handle of the first stays refused. */
static void index_is_used_again_and_again(void) {
    enum { TIMES = 100000 };
    tsd_key_t first = new_key(NULL), last = first;
    CHECK(tsd_set(first, VALUE(1)) == 0);
    for (unsigned time = 0; time < TIMES; time++) {
        CHECK(tsd_key_delete(last) == 0);
        tsd_key_t next = new_key(NULL);
        CHECK(next != first && next > last && tsd_get(next) == NULL);
        last = next;
    }
    CHECK(tsd_get(first) == NULL && tsd_set(first, VALUE(1)) == TSD_EINVAL && tsd_key_delete(first) == TSD_EINVAL);
    CHECK(tsd_key_delete(last) == 0 && tsd_keys_retired() == 0);
}

extern void preempted_at_each_instruction_of_set(void), preempted_at_each_instruction_of_exit(void);
extern void deleted_inside_a_once_routine(void), deletes_itself_inside_a_once_routine(void);
extern void deleted_at_each_instruction_of_set(void), deleted_at_each_instruction_of_exit(void);
extern void preempted_at_random(void);
extern void thread_local_objects(void);

#define CASE(name) {#name, name}
const struct test_case test_cases[] = {
    CASE(before_the_scheduler),
    CASE(values_are_per_task),
    CASE(tick_handler_has_the_interrupted_tasks_values),
    CASE(exit_runs_on_the_task_itself),
    CASE(deleted_by_another_task),
    CASE(task_without_an_exit_is_buried_by_the_idle_task),
    CASE(destructor_of_a_deleted_task_blocks),
    CASE(deleted_inside_a_destructor),
    CASE(deletes_itself_inside_a_destructor),
#ifndef BOARD_UNWINDS_DELETED_TASKS
    CASE(deleted_inside_a_once_routine),
    CASE(deletes_itself_inside_a_once_routine),
#endif
    CASE(once_waits_for_a_task_of_a_lower_priority),
    CASE(value_that_is_set_after_the_exit_is_destroyed),
    CASE(static_memory_serves_the_next_task),
    CASE(idle_task_cleans_up_after_many),
#ifdef BOARD_HAS_TIMERS
    CASE(preempted_at_each_instruction_of_set),
    CASE(preempted_at_each_instruction_of_exit),
    CASE(deleted_at_each_instruction_of_set),
    CASE(deleted_at_each_instruction_of_exit),
    CASE(preempted_at_random),
#endif
#ifdef BOARD_HAS_CXX
    CASE(thread_local_objects),
#endif
    CASE(index_is_used_again_and_again),
};
const size_t test_case_count = sizeof test_cases / sizeof test_cases[0];
