/* Tasks that are deleted inside a once routine: the control is as if never called. */
#include "harness.h"

static tsd_key_t key;
static tsd_once_t control;
static volatile unsigned step;

static void routine_waits(void) {
    step = 1;
    for (;;) {
        vTaskDelay(1);
    }
}

static void routine_deletes_its_task(void) {
    step = 1;
    vTaskDelete(NULL);
}

static void routine_returns(void) { step = 5; }

static void calls_once(void *argument) {
    CHECK(tsd_set(key, VALUE(1)) == 0);
    CHECK(tsd_once(&control, argument == NULL ? routine_waits : routine_deletes_its_task) == 0);
    CHECK(!"the routine returns");
}

void deleted_inside_a_once_routine(void) {
    key = new_key(destroy);
    control = TSD_ONCE_INIT;
    step = 0;
    TaskHandle_t task = start(calls_once, NULL, LOW);
    AWAIT(step == 1);
    vTaskDelete(task);
    CHECK(tsd_once(&control, routine_returns) == 0 && step == 5 && destroyed[1] == 1);
    CHECK(tsd_key_delete(key) == 0);
}

void deletes_itself_inside_a_once_routine(void) {
    key = new_key(destroy);
    control = TSD_ONCE_INIT;
    step = 0;
    start(calls_once, VALUE(1), LOW);
    AWAIT(step == 1);
    /* It waits until the idle task has buried the other. */
    CHECK(tsd_once(&control, routine_returns) == 0 && step == 5 && destroyed[1] == 1);
    CHECK(tsd_key_delete(key) == 0);
}
