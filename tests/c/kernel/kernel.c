/* The kernel proper: threads that take turns, and the library's hooks. */
#include <tsd/pthread.h>

#include "kernel.h"

static struct thread threads[THREADS];
struct thread *current;
uint32_t keys_kept;

TSD_STATIC_KEY_TABLE(KERNEL_KEYS);

/* ---- what the library asks for; the thread it finds by the thread pointer, where there is one ---- */

#ifndef TSD_THREAD_POINTER
tsd_thread_t *tsd_current(void) { return current ? &current->tsd : NULL; }
#endif

/* Sleeping is yielding here; the word changes while another thread has its turn. */
void tsd_wait(const uint32_t *word, uint32_t expected) {
    while (*(const volatile uint32_t *)word == expected) {
        thread_yield();
    }
}

void tsd_wake(const uint32_t *word) { (void)word; }

/* ---- threads ---- */

void thread_yield(void) {
    struct thread *from = current, *to = current;
    do {
        to = to == &threads[THREADS - 1] ? &threads[0] : to + 1;
    } while (to->state != READY);
    if (to != from) {
        current = to;
        switch_stack(&from->stack_pointer, to->stack_pointer);
    }
}

static void begin(void) {
    CHECK(tsd_thread_attach() == 0);
    current->entry(current->argument);
    tsd_thread_exit(&current->report);
    current->state = ENDED;
    thread_yield();
    CHECK(!"an ended thread has a turn");
}

struct thread *thread_start(void (*entry)(void *), void *argument) {
    for (struct thread *thread = threads; thread < threads + THREADS; thread++) {
        if (thread->state == FREE) {
            thread->entry = entry;
            thread->argument = argument;
            thread->stack_pointer = first_stack(thread->stack + STACK_SIZE, begin);
            thread->state = READY;
            return thread;
        }
    }
    CHECK(!"a thread is free");
}

tsd_exit_report_t *thread_join(struct thread *thread) {
    while (thread->state != ENDED) {
        thread_yield();
    }
    thread->state = FREE;
    return &thread->report;
}

/* ---- console and start ---- */

void print(const char *text) {
    while (*text) {
        console_put(*text++);
    }
}

static void end(unsigned status) {
    char line[] = "tsd: end: status 0\n";
    line[sizeof line - 3] = (char)('0' + status);
    print(line);
    power_off(status);
}

void check_failed(const char *file, int line, const char *condition) {
    char digits[8] = "";
    char *digit = digits + sizeof digits - 1;
    do {
        *--digit = (char)('0' + line % 10);
    } while (line /= 10);
    print("FAILED\n");
    print(file);
    print(":");
    print(digit);
    print(": not so: ");
    print(condition);
    print("\n");
    end(1);
    __builtin_unreachable();
}

/* The boot code calls it on the boot stack, which becomes that of the first thread. */
void kernel_main(void);
void kernel_main(void) {
    set_thread_pointer(&current);
    poison_registers();
    CHECK(pthread_getspecific(scratch) == NULL);
    CHECK(tsd_set(scratch, &threads) == TSD_ESRCH);
    /* As if the memory had been used before. */
    for (unsigned char *byte = (unsigned char *)threads; byte < (unsigned char *)(threads + THREADS); byte++) {
        *(volatile unsigned char *)byte = 0xFF;
    }
    for (struct thread *thread = threads; thread < threads + THREADS; thread++) {
        thread->state = FREE;
        CHECK(tsd_thread_init(&thread->tsd) == 0);
    }
    current = &threads[0];
    current->state = READY;
    CHECK(tsd_thread_attach() == 0);
    for (size_t i = 0; i < test_case_count; i++) {
        print("test ");
        print(test_cases[i].name);
        print(" ... ");
        test_cases[i].run();
        CHECK(tsd_keys_in_use() == tsd_static_count + keys_kept);
        print("ok\n");
    }
    end(0);
}
