/* What clang makes of thread-local variables with -femulated-tls, over the prefixed names: several threads at once, each
 * with objects of its own, which are destroyed before their memory goes. */
#include "emulation.h"

#define THREADS 8

extern "C" {
/* Compilers ask for the plain names, which the host's own libraries have, too. */
void *__emutls_get_address(void *variable);
void *__emutls_get_address(void *variable) { return tsd___emutls_get_address(variable); }
int __cxa_thread_atexit(void (*destructor)(void *), void *object, void *dso_handle);
int __cxa_thread_atexit(void (*destructor)(void *), void *object, void *dso_handle) {
    return tsd___cxa_thread_atexit(destructor, object, dso_handle);
}
}

namespace {

event_t begin;
int destroyed;
tsd_key_t late_key;

struct alignas(64) Line {
    unsigned char bytes[64];
};

struct Object {
    uintptr_t thread = 0;
    ~Object();
};

thread_local int begun = 7;
thread_local Line line;
thread_local const char *text = "text";
thread_local Object object;
thread_local long many[3][1000];

/* What a destructor of the last phase makes, which comes before that of the memory. */
struct Late {
    int value = 3;
    ~Late() {
        CHECK(value == 3);
        __atomic_fetch_add(&destroyed, 1, __ATOMIC_SEQ_CST);
    }
};

thread_local Late late;

void makes_late(void *value) {
    CHECK(value == &late_key && late.value == 3);
    /* It was made with that one. */
    object.thread = 9;
    begun = line.bytes[63] = 9;
}

void makes_late_in_exit(void *) {
    CHECK(tsd_set(late_key, &late_key) == 0);
    begun++;
}

Object::~Object() {
    CHECK(this == &object && thread != 0 && begun == static_cast<int>(thread) && line.bytes[63] == thread);
    __atomic_fetch_add(&destroyed, 1, __ATOMIC_SEQ_CST);
}

void use(void *argument) {
    const uintptr_t number = reinterpret_cast<uintptr_t>(argument);
    event_wait(&begin);
    CHECK(begun == 7 && line.bytes[0] == 0 && line.bytes[63] == 0 && strcmp(text, "text") == 0);
    CHECK(object.thread == 0 && many[2][999] == 0 && reinterpret_cast<uintptr_t>(&line) % alignof(Line) == 0);
    object.thread = number;
    begun = static_cast<int>(number);
    line.bytes[63] = static_cast<unsigned char>(number);
    for (long &each : many[number % 3]) {
        each += static_cast<long>(number);
    }
    thread_yield();
    CHECK(object.thread == number && many[number % 3][999] == static_cast<long>(number));
}

} // namespace

void test(void) {
    const tsd_key_options_t of_late = {makes_late, "late", TSD_KEY_LAST_PHASE};
    keys_kept = 1;
    /* An index below that of the memory's key, which is created at the first use. */
    CHECK(tsd_key_create_with(&late_key, &of_late) == 0);
    const tsd_exit_report_t late_report = run_thread(makes_late_in_exit, NULL);
    CHECK(late_report.functions == 2 && late_report.left_over == 0 && destroyed == 2 && frees == allocations);
    CHECK(tsd_key_delete(late_key) == 0);
    destroyed = 0;
    for (int round = 1; round <= 20; round++) {
        thread_t *threads[THREADS];
        begin.happened = 0;
        for (uintptr_t i = 0; i < THREADS; i++) {
            threads[i] = thread_start(use, reinterpret_cast<void *>(i + 1));
        }
        event_signal(&begin);
        for (thread_t *thread : threads) {
            const tsd_exit_report_t report = thread_join(thread);
            CHECK(report.functions == 2 && report.calls == 1 && report.last_phase_rounds == 1);
        }
        CHECK(destroyed == 2 * round * THREADS && frees == allocations && failures == 0);
    }
    CHECK(allocations >= 20 * THREADS * 6);
}
