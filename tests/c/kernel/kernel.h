/*
 * A kernel of a few hundred lines, with nothing of its own but boot code: no C library, no memcpy, and but for a timer on
 * CPUs without compare-and-swap no interrupts. It links libtsd.a as any stranger's kernel does. Threads take turns when
 * they yield.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include <tsd.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef SMALL_MACHINE
enum { STACK_SIZE = 1536, THREADS = 4 };
#else
enum { STACK_SIZE = 16 * 1024, THREADS = 8 };
#endif

/* The thread control block. */
struct thread {
    void *stack_pointer;
    void (*entry)(void *);
    void *argument;
    enum { FREE, READY, ENDED } state;
    tsd_thread_t tsd;
    struct thread *buries; /* the dead thread whose exit this one runs, or NULL */
    tsd_exit_report_t report;
    unsigned char stack[STACK_SIZE] __attribute__((aligned(16)));
};

/* What the thread pointer register points to: whose values there are. The kernel, and the test that builds the archive, know where it leads. */
extern struct thread *current;
TSD_CHECK_THREAD_POINTER(struct thread, tsd);

/* The kernel's static keys: those of its parts. The table is made in kernel.c. */
#define CASE_KEYS(KEY)                                                                                                 \
    KEY(scratch, NULL, 0)                                                                                              \
    KEY(counted, count, 0)
#define KERNEL_KEYS(KEY)                                                                                               \
    KEY(runtime, count, TSD_KEY_LAST_PHASE)                                                                            \
    CASE_KEYS(KEY)
TSD_STATIC_KEYS(KERNEL_KEYS);

/* machine.c and boot.S, one of each a CPU */
void set_thread_pointer(struct thread **block);
void console_put(char character);
void power_off(unsigned status) __attribute__((noreturn));
void switch_stack(void **save, void *load);
void *first_stack(unsigned char *top, void (*entry)(void));
void poison_registers(void);
int registers_are_poisoned(void);
uint64_t use_vector_register(void);

/* critical.c of a CPU without compare-and-swap: 0 where they are not masked. The timer's handler calls timer_came(). */
uintptr_t interrupts_mask(void);
void interrupts_restore(uintptr_t before);
uintptr_t interrupts_are_masked(void);
void timer_start(uint32_t wait);
void timer_stop(void);

/* kernel.c */
struct thread *thread_start(void (*entry)(void *), void *argument);
tsd_exit_report_t *thread_join(struct thread *thread);
/* Runs the exit of a thread that has been killed, on behalf of it. Its destructors may yield. */
tsd_exit_report_t *thread_bury(struct thread *dead);
void thread_yield(void);
void print(const char *text);
/* A line that the test reads: a name in two parts, and its number. */
void print_figure(const char *name, const char *of, uint32_t number);
/* How often the library has entered the critical section. */
extern volatile uint32_t critical_sections;

/* Ends the machine with status 1 unless the condition holds. */
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
void check_failed(const char *file, int line, const char *condition) __attribute__((noreturn));

/* cases.c: a destructor that counts */
void count(void *value);
struct test_case {
    const char *name;
    void (*run)(void);
};
extern const struct test_case test_cases[];
extern const size_t test_case_count;
/* Keys that are there for good after a case. */
extern uint32_t keys_kept;

/* critical.c: cases of its own; how long until the timer shall come again. */
void critical_sections_of_each_call(void);
void masked_interrupts_stay_masked(void);
void interrupts_at_random(void);
void print_critical_figures(void);
uint32_t timer_came(void);

/* thread_local.c and thread_local.cc: cases of their own, and what the variables of all threads take. */
void thread_local_in_c(void);
void thread_local_in_cxx(void);
int blocks_in_use(void);

#ifdef __cplusplus
}
#endif
#endif
