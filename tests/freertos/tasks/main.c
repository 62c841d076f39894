/* The run of the cases, and what FreeRTOS asks an application for. */
#include "harness.h"

volatile unsigned destroyed[VALUES];
TaskHandle_t volatile destroyer[VALUES];
volatile unsigned destructor_calls;
tsd_key_t volatile tick_key;
volatile unsigned ticks_on_values;
int seen_before_the_scheduler;
tsd_exit_report_t last_report;

void destroy(void *value) {
    uintptr_t number = (uintptr_t)value;
    CHECK(number < VALUES);
    destroyed[number]++;
    destroyer[number] = xTaskGetCurrentTaskHandle();
    destructor_calls++;
}

TaskHandle_t start(TaskFunction_t body, void *argument, UBaseType_t priority) {
    TaskHandle_t task;
    CHECK(xTaskCreate(body, "case", STACK_WORDS, argument, priority, &task) == pdPASS);
    return task;
}

tsd_key_t new_key(tsd_destructor_t destructor) {
    tsd_key_t key;
    CHECK(tsd_key_create(&key, destructor) == 0);
    return key;
}

void figure(const char *name, uint32_t number) {
    board_print("tsd: freertos: ");
    board_print(name);
    board_print(" ");
    board_print_number(number);
    board_print("\n");
}

/* ---- hooks ---- */

void vApplicationTickHook(void) {
    tsd_key_t key = tick_key;
    if (key != 0) {
        uintptr_t count = (uintptr_t)tsd_get(key);
        CHECK(tsd_set(key, VALUE(count + 1)) == 0);
        ticks_on_values++;
    }
}

void vApplicationIdleHook(void) { board_wait_for_interrupt(); }

void vApplicationStackOverflowHook(TaskHandle_t task, char *name) {
    (void)task;
    board_failed(name, 0, "its stack is large enough");
}

void vApplicationGetIdleTaskMemory(StaticTask_t **block, StackType_t **stack, configSTACK_DEPTH_TYPE *words) {
    static StaticTask_t idle_block;
    static StackType_t idle_stack[STACK_WORDS];
    *block = &idle_block;
    *stack = idle_stack;
    *words = STACK_WORDS;
}

/* ---- the run ---- */

static void run_case(const struct test_case *test) {
    size_t before = xPortGetFreeHeapSize();
    board_print("test ");
    board_print(test->name);
    board_print(" ... ");
    for (int number = 0; number < VALUES; number++) {
        destroyed[number] = 0;
    }
    destructor_calls = 0;
    test->run();
    CHECK(tsd_keys_in_use() == 0);
    /* The idle task frees what tasks that have deleted themselves had. */
    AWAIT(xPortGetFreeHeapSize() == before);
    board_print("ok\n");
}

static void run(void *argument) {
    size_t before = xPortGetFreeHeapSize();
    (void)argument;
    for (size_t number = 0; number < test_case_count; number++) {
        run_case(&test_cases[number]);
    }
    figure("cases", test_case_count);
    figure("heap_free_bytes_before", before);
    figure("heap_free_bytes_after", xPortGetFreeHeapSize());
    figure("ticks_that_set_a_value", ticks_on_values);
    figure("bytes_a_task", sizeof(tsd_thread_t));
    print_counts();
    board_end(0);
}

int main(void) {
    seen_before_the_scheduler = tsd_current() == NULL && tsd_get(1) == NULL && tsd_set(1, NULL) == TSD_ESRCH;
    start(run, NULL, MIDDLE);
    vTaskStartScheduler();
    return 0;
}
