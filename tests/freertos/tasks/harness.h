/* What the cases share. */
#ifndef HARNESS_H
#define HARNESS_H

#include "FreeRTOS.h"
#include "task.h"

#include "tsd_freertos.h"

#ifdef FORGOTTEN_EXIT
#define tsd_freertos_task_exit() vTaskDelete(NULL)
#endif

/* Priorities. A case runs on a task of the middle one, the idle task at 0. */
enum { LOW = 1, MIDDLE = 2, HIGH = 3, STACK_WORDS = configMINIMAL_STACK_SIZE, VALUES = 64 };

#define CHECK(condition) ((condition) ? (void)0 : board_failed(__FILE__, __LINE__, #condition))
#define VALUE(number) ((void *)(uintptr_t)(number))

/* Sleeps until it holds, and fails after two seconds. */
#define AWAIT(condition)                                                                                               \
    for (int tick_ = 0; !(condition); tick_++) {                                                                       \
        if (tick_ == 2000)                                                                                             \
            board_failed(__FILE__, __LINE__, #condition);                                                              \
        vTaskDelay(1);                                                                                                 \
    }

/* How often each value was destroyed, and on which task last. */
extern volatile unsigned destroyed[VALUES];
extern TaskHandle_t volatile destroyer[VALUES];
extern volatile unsigned destructor_calls;
void destroy(void *value);

TaskHandle_t start(TaskFunction_t body, void *argument, UBaseType_t priority);
/* A key with `destroy`, or another destructor. */
tsd_key_t new_key(tsd_destructor_t destructor);

/* The timer's handler wakes this task, if there is one. */
extern TaskHandle_t volatile intruder;

/* The tick handler counts in the interrupted task's value under this key, if it is not 0. */
extern tsd_key_t volatile tick_key;
extern volatile unsigned ticks_on_values;

/* The key of a handler that FreeRTOS does not mask, while board_draw_unmasked() has it come. */
extern tsd_key_t volatile unmasked_key;
extern volatile unsigned unmasked_interrupts;

/* Preemptions inside tsd_set() and inside tsd_thread_exit(), and at how many different instructions. */
struct preempted {
    unsigned count;
    unsigned places;
};
extern struct preempted preempted_in_set, preempted_in_exit;

struct test_case {
    const char *name;
    void (*run)(void);
};
extern const struct test_case test_cases[];
extern const size_t test_case_count;
/* What main() has seen of the library before the scheduler ran. */
extern int seen_before_the_scheduler;

void figure(const char *name, uint32_t number);
/* What the board lets us count. */
void print_counts(void);

#endif
