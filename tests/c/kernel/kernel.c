/* The kernel proper: threads that take turns, and the library's hooks. */
#include <tsd/pthread.h>

#include "kernel.h"

static struct thread threads[THREADS];
struct thread *current;
/* The thread that runs, which is the current one unless it buries another. */
static struct thread *running;
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

#if TSD_CRITICAL_SECTIONS
volatile uint32_t critical_sections;

/* One CPU: nobody comes between the two where interrupts are masked. */
uintptr_t tsd_critical_acquire(void) {
    const uintptr_t before = interrupts_mask();
    critical_sections++;
    return before;
}

void tsd_critical_release(uintptr_t before) { interrupts_restore(before); }
#endif

/* ---- threads ---- */

void thread_yield(void) {
    struct thread *from = running, *to = running;
    do {
        to = to == &threads[THREADS - 1] ? &threads[0] : to + 1;
    } while (to->state != READY);
    if (to != from) {
        running = to;
        current = to->buries ? to->buries : to;
        switch_stack(&from->stack_pointer, to->stack_pointer);
    }
}

static void begin(void) {
    CHECK(tsd_thread_attach() == 0);
    running->entry(running->argument);
    tsd_thread_exit(&running->report);
    running->state = ENDED;
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
#ifdef SMALL_MACHINE
    /* As it was before the first thread: the stack was never full. */
    CHECK(thread->stack[0] == 0xFF);
#endif
    thread->state = FREE;
    return &thread->report;
}

tsd_exit_report_t *thread_bury(struct thread *dead) {
    dead->state = ENDED;
    running->buries = dead;
    current = dead;
    tsd_thread_reap(&dead->report);
    running->buries = NULL;
    current = running;
    dead->state = FREE;
    return &dead->report;
}

/* ---- console and start ---- */

void print(const char *text) {
    while (*text) {
        console_put(*text++);
    }
}

/* No division: not every CPU has an instruction for it. */
static void print_number(uint32_t number) {
    static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    int has_begun = 0;
    for (size_t i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        char digit = '0';
        for (; number >= powers[i]; number -= powers[i]) {
            digit++;
        }
        has_begun |= digit != '0' || powers[i] == 1;
        if (has_begun) {
            console_put(digit);
        }
    }
}

void print_figure(const char *name, const char *of, uint32_t number) {
    print("tsd: c_kernel: ");
    print(name);
    print(of);
    print(" ");
    print_number(number);
    print("\n");
}

static void end(unsigned status) {
    static char line[] = "tsd: end: status 0\n";
    line[sizeof line - 3] = (char)('0' + status);
    print(line);
    power_off(status);
}

void check_failed(const char *file, int line, const char *condition) {
    print("FAILED\n");
    print(file);
    print(":");
    print_number((uint32_t)line);
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
        thread->buries = NULL;
        CHECK(tsd_thread_init(&thread->tsd) == 0);
    }
    current = running = &threads[0];
    running->state = READY;
    CHECK(tsd_thread_attach() == 0);
    for (size_t i = 0; i < test_case_count; i++) {
        print("test ");
        print(test_cases[i].name);
        print(" ... ");
        test_cases[i].run();
        CHECK(tsd_keys_in_use() == tsd_static_count + keys_kept);
        print("ok\n");
    }
#if TSD_CRITICAL_SECTIONS
    print_critical_figures();
#endif
    end(0);
}
