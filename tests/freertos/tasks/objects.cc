/* C++ objects that each task has: made at their first use, destroyed at its end before their memory goes. */
extern "C" {
#include "harness.h"

extern void thread_local_begin(void), thread_local_end(void);
extern void thread_local_objects(void);

/* The compiler names what the object is part of. */
extern void *__dso_handle;
void *__dso_handle;
}

namespace {

enum { EXITS = 1, EXITS_TOO, IS_DELETED, DELETES_ITSELF };

volatile unsigned made, step;

struct Object {
    unsigned number;
    Object() : number(0) { made = made + 1; }
    ~Object();
};

thread_local Object object;
thread_local unsigned plain = 5;

/* Whoever calls it finds the variables of the task that had the object. */
Object::~Object() {
    CHECK(this == &object && plain == 5 + number);
    destroy(VALUE(number));
}

/* Whether the compiler finds in its registers what it counts on. */
bool keeps_registers() {
    register unsigned one __asm__("r1") = 1, two __asm__("r2") = 2, three __asm__("r3") = 3;
    __asm__ volatile("bl __aeabi_read_tp" : "+r"(one), "+r"(two), "+r"(three)::"r0", "ip", "lr", "cc", "memory");
    return one == 1 && two == 2 && three == 3;
}

void has_objects(void *argument) {
    unsigned number = (unsigned)(uintptr_t)argument;
    CHECK(keeps_registers() && keeps_registers());
    CHECK(plain == 5 && object.number == 0);
    plain += number;
    object.number = number;
    for (int round = 0; round < 20; round++) {
        CHECK(plain == 5 + number && object.number == number);
        vTaskDelay(1);
    }
    step = step + 1;
    if (number == IS_DELETED) {
        vTaskDelay(portMAX_DELAY);
    }
    if (number == DELETES_ITSELF) {
        vTaskDelete(NULL);
    }
    tsd_freertos_task_exit();
}

} // namespace

void thread_local_objects(void) {
    TaskHandle_t tasks[DELETES_ITSELF + 1];
    size_t before = xPortGetFreeHeapSize();
    made = step = 0;
    thread_local_begin();
    for (unsigned number = EXITS; number <= DELETES_ITSELF; number++) {
        tasks[number] = start(has_objects, VALUE(number), LOW);
    }
    AWAIT(step == 4 && destructor_calls == 3);
    CHECK(destroyed[EXITS] == 1 && destroyer[EXITS] == tasks[EXITS]);
    CHECK(destroyed[EXITS_TOO] == 1 && destroyer[EXITS_TOO] == tasks[EXITS_TOO]);
    CHECK(destroyed[DELETES_ITSELF] == 1 && destroyer[DELETES_ITSELF] == xTaskGetIdleTaskHandle());
    vTaskDelete(tasks[IS_DELETED]);
    CHECK(last_report.functions == 1 && last_report.last_phase_rounds == 1);
    CHECK(destroyed[IS_DELETED] == 1 && destroyer[IS_DELETED] == xTaskGetCurrentTaskHandle());
    CHECK(made == 4 && destructor_calls == 4);
    AWAIT(xPortGetFreeHeapSize() == before);
    thread_local_end();
}
