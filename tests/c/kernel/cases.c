/* What the kernel tries: each family, by the plain names that it has here. */
#include <tsd/cxxabi.h>
#include <tsd/pthread.h>
#include <tsd/threads.h>
#include <tsd/windows.h>

#include "kernel.h"

#define VALUE(number) ((void *)(uintptr_t)(16 * (number)))

int __cxa_thread_atexit(void (*destructor)(void *), void *object, void *dso_handle);

static int calls;
static uintptr_t sum;

void count(void *value) {
    calls++;
    sum += (uintptr_t)value / 16;
}

static void reset(void) {
    calls = 0;
    sum = 0;
}

/* ---- the prefixed core ---- */

static tsd_key_t key, other;

static void set_both(void *argument) {
    CHECK(tsd_get(key) == NULL);
    CHECK(tsd_set(key, argument) == 0);
    CHECK(tsd_set(other, argument) == 0);
    thread_yield();
    CHECK(tsd_get(key) == argument && tsd_get(other) == argument);
}

static void keys_and_values(void) {
    struct thread *first, *second;
    reset();
    CHECK(tsd_get(0) == NULL && tsd_set(0, NULL) == TSD_EINVAL && tsd_key_delete(0) == TSD_EINVAL);
    CHECK(tsd_key_create(NULL, NULL) == TSD_EINVAL);
    CHECK(tsd_key_create(&key, count) == 0 && tsd_key_create(&other, NULL) == 0);
    first = thread_start(set_both, VALUE(1));
    second = thread_start(set_both, VALUE(2));
    CHECK(thread_join(first)->calls == 1 && thread_join(second)->calls == 1);
    CHECK(calls == 2 && sum == 3);
    CHECK(tsd_get(key) == NULL);
    CHECK(tsd_key_delete(key) == 0 && tsd_key_delete(other) == 0 && tsd_key_delete(key) == TSD_EINVAL);
}

static void full_table(void) {
    static tsd_key_t keys[TSD_KEYS];
    tsd_key_t more;
    for (int i = 0; i < TSD_KEYS - tsd_static_count; i++) {
        CHECK(tsd_key_create(&keys[i], NULL) == 0);
    }
    CHECK(tsd_key_create(&more, NULL) == TSD_EAGAIN);
    for (int i = 0; i < TSD_KEYS - tsd_static_count; i++) {
        CHECK(tsd_key_delete(keys[i]) == 0);
    }
}

static void set_again(void *value) { CHECK(tsd_set(key, value) == 0); }

static void set_key(void *argument) { CHECK(tsd_set(key, argument) == 0); }

static void yield_and_count(void *value) {
    thread_yield();
    count(value);
}

static void set_and_stay(void *argument) {
    CHECK(tsd_set(key, argument) == 0);
    for (;;) {
        thread_yield();
    }
}

static void set_and_look(void *argument) {
    CHECK(tsd_set(key, argument) == 0);
    for (int i = 0; i < 4; i++) {
        thread_yield();
        CHECK(tsd_get(key) == argument);
    }
}

static void killed_and_buried(void) {
    struct thread *dead, *onlooker;
    tsd_exit_report_t *report;
    reset();
    CHECK(tsd_key_create(&key, yield_and_count) == 0 && tsd_set(key, VALUE(1)) == 0);
    dead = thread_start(set_and_stay, VALUE(2));
    onlooker = thread_start(set_and_look, VALUE(4));
    thread_yield();
    report = thread_bury(dead);
    CHECK(report->calls == 1 && report->flags == 0 && sum == 2);
    CHECK(tsd_get(key) == VALUE(1) && tsd_set(key, NULL) == 0);
    CHECK(thread_join(onlooker)->calls == 1 && sum == 6);
    CHECK(tsd_key_delete(key) == 0);
}

static void rounds(void) {
    tsd_exit_report_t *report;
    CHECK(tsd_key_create(&key, set_again) == 0);
    report = thread_join(thread_start(set_key, VALUE(1)));
    CHECK(report->calls == TSD_ROUNDS && report->rounds == TSD_ROUNDS);
    CHECK(report->flags == TSD_EXIT_LEFT_OVER && report->left_over == 1 && report->left_over_keys[0] == key);
    CHECK(tsd_key_delete(key) == 0);
}

static void last_phase(void) {
    const tsd_key_options_t options = {count, "runtime", TSD_KEY_LAST_PHASE};
    tsd_key_info_t info;
    uint32_t cursor = tsd_static_count;
    reset();
    CHECK(tsd_key_create_with(&key, &options) == 0);
    CHECK(tsd_key_next(&cursor, &info) == 1 && info.key == key && info.name == options.name);
    CHECK(thread_join(thread_start(set_key, VALUE(1)))->last_phase_rounds == 1);
    CHECK(calls == 1);
    CHECK(tsd_key_delete(key) == 0);
}

/* ---- static keys ---- */

static void set_static(void *argument) {
    CHECK(tsd_static_get(scratch) == NULL && tsd_static_get(counted) == NULL && tsd_static_get(runtime) == NULL);
    CHECK(tsd_static_set(scratch, argument) == 0 && tsd_static_set(counted, argument) == 0);
    CHECK(tsd_set(runtime, argument) == 0);
    thread_yield();
    CHECK(tsd_static_get(counted) == argument && tsd_static_get(runtime) == argument);
    CHECK(tsd_get(scratch) == argument && pthread_getspecific(counted) == argument);
    CHECK(tsd_static_set(runtime, VALUE(4)) == 0 && tsd_get(runtime) == VALUE(4));
}

static void static_keys(void) {
    static const char name[] = "runtime";
    tsd_key_info_t info;
    uint32_t cursor = 0;
    reset();
    struct thread *first = thread_start(set_static, VALUE(1));
    struct thread *second = thread_start(set_static, VALUE(2));
    CHECK(thread_join(first)->last_phase_rounds == 1 && thread_join(second)->calls == 2);
    CHECK(calls == 4 && sum == 1 + 4 + 2 + 4);
    CHECK(tsd_static_get(counted) == NULL);
    CHECK(tsd_key_delete(scratch) == TSD_EINVAL && tsd_key_delete(runtime) == TSD_EINVAL);
    CHECK(tsd_key_next(&cursor, &info) == 1 && info.key == runtime);
    CHECK(info.flags == (TSD_KEY_STATIC | TSD_KEY_LAST_PHASE | TSD_KEY_HAS_DESTRUCTOR));
    for (size_t i = 0; i < sizeof name; i++) {
        CHECK(info.name[i] == name[i]);
    }
}

/* ---- POSIX ---- */

static pthread_once_t once_control = PTHREAD_ONCE_INIT;
static pthread_key_t posix_key;

static void create_key(void) {
    thread_yield();
    CHECK(pthread_key_create(&posix_key, count) == 0);
    calls++;
}

static void use_key(void *argument) {
    CHECK(pthread_once(&once_control, create_key) == 0);
    CHECK(pthread_setspecific(posix_key, argument) == 0);
    CHECK(pthread_getspecific(posix_key) == argument);
}

static void posix(void) {
    struct thread *threads[3];
    reset();
    for (int i = 0; i < 3; i++) {
        threads[i] = thread_start(use_key, VALUE(i + 1));
    }
    for (int i = 0; i < 3; i++) {
        CHECK(thread_join(threads[i])->calls == 1);
    }
    CHECK(calls == 4 && sum == 6);
    CHECK(pthread_key_delete(posix_key) == 0 && pthread_key_delete(posix_key) == TSD_EINVAL);
    CHECK(PTHREAD_KEYS_MAX == TSD_KEYS && PTHREAD_DESTRUCTOR_ITERATIONS == TSD_ROUNDS);
}

/* ---- C11 ---- */

static once_flag flag = ONCE_FLAG_INIT;
static tss_t storage;

static void create_storage(void) { CHECK(tss_create(&storage, count) == thrd_success); }

static void use_storage(void *argument) {
    call_once(&flag, create_storage);
    CHECK(tss_set(storage, argument) == thrd_success && tss_get(storage) == argument);
}

static void c11(void) {
    reset();
    thread_join(thread_start(use_storage, VALUE(1)));
    thread_join(thread_start(use_storage, VALUE(2)));
    CHECK(calls == 2 && sum == 3);
    tss_delete(storage);
    CHECK(tss_set(storage, NULL) == thrd_error);
}

/* ---- C++ ---- */

static int expected_object;

static void destroy(void *object) {
    CHECK((uintptr_t)object == (uintptr_t)expected_object);
    expected_object--;
}

static void construct(void *argument) {
    for (int i = 1; i <= TSD_EXIT_FUNCTIONS; i++) {
        CHECK(__cxa_thread_atexit(destroy, (void *)(uintptr_t)i, argument) == 0);
    }
    CHECK(__cxa_thread_atexit(destroy, NULL, argument) != 0);
    expected_object = TSD_EXIT_FUNCTIONS;
}

static void cxx(void) {
    CHECK(thread_join(thread_start(construct, NULL))->functions == TSD_EXIT_FUNCTIONS);
    CHECK(expected_object == 0);
}

/* ---- Win32 ---- */

static DWORD tls_index, fls_index;
static int waiting;

static void use_indexes(void *argument) {
    CHECK(TlsGetValue(tls_index) == NULL && GetLastError() == ERROR_SUCCESS);
    CHECK(TlsSetValue(tls_index, argument) && TlsGetValue(tls_index) == argument);
    CHECK(FlsSetValue(fls_index, argument) && FlsGetValue(fls_index) == argument);
    while (waiting) {
        thread_yield();
    }
}

static void win32(void) {
    struct thread *threads[3];
    reset();
    waiting = 1;
    tls_index = TlsAlloc();
    fls_index = FlsAlloc(count);
    CHECK(tls_index != TLS_OUT_OF_INDEXES && fls_index != FLS_OUT_OF_INDEXES);
    for (int i = 0; i < 3; i++) {
        threads[i] = thread_start(use_indexes, VALUE(i + 1));
        thread_yield();
    }
    CHECK(FlsFree(fls_index) && calls == 3 && sum == 6);
    CHECK(!FlsFree(fls_index) && GetLastError() == ERROR_INVALID_PARAMETER);
    waiting = 0;
    for (int i = 0; i < 3; i++) {
        CHECK(thread_join(threads[i])->calls == 0);
    }
    CHECK(TlsFree(tls_index) && !TlsFree(tls_index));
}

/* ---- notifications ---- */

static int attached, detached;

static void notified(uint32_t reason, void *context) {
    CHECK(context == &attached);
    if (reason == TSD_THREAD_ATTACH) {
        attached++;
    } else {
        detached++;
    }
}

TSD_NOTIFICATION(notification, notified, &attached);

static void nothing(void *argument) { (void)argument; }

static void notifications(void) {
    int before = attached;
    CHECK(before >= 1 && detached == before - 1);
    thread_join(thread_start(nothing, NULL));
    CHECK(attached == before + 1 && detached == before);
}

/* ---- registers ---- */

/* The last case: in all that ran until now, nothing has used a register that a kernel may keep for itself. */
static void registers(void) {
    CHECK(registers_are_poisoned());
    CHECK(use_vector_register() == 0x5EED5EED5EED5EED);
    CHECK(!registers_are_poisoned());
}

const struct test_case test_cases[] = {
    {"keys_and_values", keys_and_values},
    {"full_table", full_table},
    {"killed_and_buried", killed_and_buried},
    {"rounds", rounds},
    {"last_phase", last_phase},
    {"static_keys", static_keys},
    {"posix", posix},
    {"c11", c11},
    {"cxx", cxx},
    {"win32", win32},
    {"notifications", notifications},
#ifndef NO_EMULATED_TLS
    {"thread_local_in_c", thread_local_in_c},
    {"thread_local_in_cxx", thread_local_in_cxx},
#endif
#if TSD_CRITICAL_SECTIONS
    {"critical_sections_of_each_call", critical_sections_of_each_call},
    {"masked_interrupts_stay_masked", masked_interrupts_stay_masked},
    {"interrupts_at_random", interrupts_at_random},
#endif
    {"registers", registers},
};
const size_t test_case_count = sizeof test_cases / sizeof test_cases[0];
