/*
 * tsd: thread-specific data for kernels, in C99, C11 and C++17.
 *
 * A kernel embeds a tsd_thread_t in its thread control block and supplies one function, tsd_current(). At a thread's
 * start it calls tsd_thread_init(), at its end tsd_thread_exit(), on the thread itself. No call allocates.
 *
 * The families of other standards are in headers of their own, each opt-in: <tsd/pthread.h>, <tsd/threads.h>,
 * <tsd/cxxabi.h>, <tsd/windows.h>.
 *
 * Functions that return int return 0 or one of the error numbers below, unless they say otherwise. A call that fails
 * has changed nothing, and one that is given a NULL where a pointer is needed returns TSD_EINVAL.
 *
 * An archive of `install --minimal` has these functions, with their guarantees, and no others: tsd_key_create(),
 * tsd_key_delete(), tsd_get(), tsd_set(), tsd_thread_init(), tsd_thread_exit() and tsd_thread_reap(), whose report is
 * NULL, and those of <tsd/pthread.h> and <tsd/threads.h> but for pthread_once() and call_once(). What else is called is an
 * undefined reference; reports, static keys and notifications do not compile. tsd/config.h has TSD_MINIMAL then.
 */
#ifndef TSD_H
#define TSD_H

#include <stddef.h>
#include <stdint.h>

#include "tsd/symbols.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Error numbers: those of Linux and, but for EDEADLK, of newlib ---------------------------------------------- */

#define TSD_ESRCH 3    /* no thread is current here: an interrupt handler, early boot */
#define TSD_EAGAIN 11  /* all keys are in use, or the free indexes have used up their generations */
#define TSD_ENOMEM 12  /* a list of fixed capacity is full */
#define TSD_EINVAL 22  /* not a key, a deleted key, a NULL pointer, a thread that is attached already */
#define TSD_EDEADLK 35 /* a once routine has called tsd_once() on its own control */

/* ---- Threads ---------------------------------------------------------------------------------------------------- */

/* A key. 0 is never one, nor is a number whose key was deleted. */
typedef uint32_t tsd_key_t;

/* Called at thread exit with the value, on the thread itself. It must return: no longjmp, no exception. */
typedef void (*tsd_destructor_t)(void *value);

/* A value, and the key under which it was stored. */
typedef struct tsd_slot {
    uintptr_t tag;
    void *value;
} tsd_slot_t;

#define TSD_WORD_BITS (sizeof(uintptr_t) * 8)

/*
 * One thread's part of the library, for the thread control block. Nothing in it is to be touched, but a debugger may
 * look: tsd_value_next() and tsd_thread_destructor() read it.
 */
typedef struct tsd_thread {
    tsd_slot_t slots[TSD_KEYS];
    uintptr_t taking; /* what thread exit is at, and what an interrupt handler has found there */
    void *displaced;
    uintptr_t round;   /* the round in which destructors run */
    void *once;        /* the innermost once routine that the thread is in */
    uintptr_t pending; /* 0 where thread exit has nothing to do */
    uintptr_t bound[(TSD_KEYS + TSD_WORD_BITS - 1) / TSD_WORD_BITS];
#ifndef TSD_MINIMAL
    uint32_t last_error;        /* Win32 */
    struct tsd_thread *next[2]; /* the list of threads with Fls values */
    uintptr_t function_count;
    uintptr_t functions_refused;
#if TSD_EXIT_FUNCTIONS > 0
    struct {
        void (*function)(void *argument);
        void *argument;
    } functions[TSD_EXIT_FUNCTIONS];
#endif
#endif
} tsd_thread_t;

/*
 * The kernel's hook: the calling thread's structure, initialised; NULL where there is no thread, such as in early boot.
 * In an interrupt handler it is the interrupted thread's structure, or NULL. What it returns in a thread it must return
 * until the thread's tsd_thread_exit() has returned, for this thread only.
 *
 * It must preserve what a C function preserves, and nothing that it calls may call back into this library. An archive
 * that was installed with --thread-pointer may do without it: see <tsd/inline.h>.
 */
tsd_thread_t *tsd_current(void) TSD_SYMBOL(tsd_current);

#if TSD_CRITICAL_SECTIONS
/*
 * The kernel's hooks on a CPU without compare-and-swap, such as Cortex-M0, or RISC-V without the extension A: what the CPU has
 * no instruction for is done between the two. Archives for other CPUs neither have nor want them.
 *
 * tsd_critical_acquire() masks interrupts on the calling CPU, all whose handlers call this library; where several CPUs use the
 * same keys it then acquires a spin lock. What it returns is given to tsd_critical_release(), which releases the lock and
 * leaves interrupts as they were before. So sections nest: where the kernel has masked interrupts and calls this library, they
 * stay masked. The library enters none inside of one; a kernel that takes this pair for itself, too, has a lock that nests.
 * Neither the compiler nor the CPU may move memory accesses out of a section, as with every lock.
 *
 * Called wherever a call is made that wants them, on threads, in destructors, interrupt handlers and early boot. They must not
 * call this library, and no thread is killed between them. Between the two are a load, a few instructions and a store: no loop
 * and no code of the kernel's.
 *
 * tsd_get() calls neither, nor does tsd_set() where the thread has set the key before, nor a thread's exit that has nothing to
 * do. There is no default: an "undefined reference to tsd_critical_acquire_v1_..." means that they are missing. Masking takes
 * a privileged mode.
 */
uintptr_t tsd_critical_acquire(void) TSD_SYMBOL(tsd_critical_acquire);
void tsd_critical_release(uintptr_t state) TSD_SYMBOL(tsd_critical_release);
#endif

/*
 * Makes the memory of a thread a thread that has set nothing, whatever the memory held. Not needed for memory that is
 * all zero bytes, nor between two uses of a structure whose tsd_thread_exit() was called.
 *
 * It is needed, too, for memory of a thread that ended with neither tsd_thread_exit() nor tsd_thread_reap(), all zero
 * bytes or not, where threads have Fls values: it takes the structure off their list.
 *
 * Callable from anywhere, before the thread starts; where threads have Fls values from threads only, since it takes the
 * lock of <tsd/windows.h> then. Costs a store for each word, and with Fls values a look at each thread that has some.
 */
int tsd_thread_init(tsd_thread_t *thread) TSD_SYMBOL(tsd_thread_init);

/*
 * Sends the attach notifications, on the calling thread. Only kernels that have notifications need to call it, once on
 * each thread, before the thread's own code. A second call is TSD_EINVAL.
 *
 * Callable from threads. Win32 DLL_THREAD_ATTACH.
 */
int tsd_thread_attach(void) TSD_SYMBOL(tsd_thread_attach);

#define TSD_LEFT_OVER_KEYS 8

/* Bits of tsd_exit_report_t.flags. */
#define TSD_EXIT_NO_THREAD 1u       /* no thread was current; nothing was done */
#define TSD_EXIT_ALREADY_EXITING 2u /* called from inside the thread's own exit; nothing was done */
#define TSD_EXIT_LEFT_OVER 4u       /* values were left when the rounds were used up, or ordinary ones when the last phase
                                       had begun; they were cleared */
#define TSD_EXIT_INTERRUPTED 8u     /* the thread died inside its exit, in a destructor or an exit function or on the way to
                                       it; that is not called again */
#define TSD_EXIT_FUNCTIONS_REFUSED 16u

/* What a thread exit did. With --minimal nothing tells it, so that there can be none. */
#ifdef TSD_MINIMAL
typedef struct tsd_exit_report tsd_exit_report_t;
#else
typedef struct tsd_exit_report {
    uint32_t flags;
    uint32_t rounds;            /* rounds in which an ordinary key's destructor ran */
    uint32_t last_phase_rounds; /* rounds in which a last-phase key's destructor ran */
    uint32_t calls;             /* destructor calls in all, of this call of tsd_thread_exit() or tsd_thread_reap() */
    uint32_t functions;         /* thread-exit functions that ran */
    uint32_t functions_refused; /* thread-exit functions that found no room, and never ran */
    tsd_key_t interrupted;      /* the key whose destructor did not return: TSD_EXIT_INTERRUPTED */
    uint32_t left_over;         /* values that got no destructor: TSD_EXIT_LEFT_OVER */
    tsd_key_t left_over_keys[TSD_LEFT_OVER_KEYS]; /* the keys of the first of them, then zeros */
} tsd_exit_report_t;
#endif

/*
 * Runs the calling thread's exit: detach notifications, thread-exit functions, the destructors of ordinary keys, those
 * of last-phase keys, each phase for at most TSD_ROUNDS rounds. Afterwards the structure can serve the next thread at
 * once; but what an interrupt handler sets after the last look of this call, which is up to some hundred instructions before
 * it returns, or later, stays for that thread. tsd_thread_is_exiting() is over by then. So the kernel sees to it that handlers
 * set nothing on a thread that has called this, or initialises the structure again by tsd_thread_init(). `report` may be NULL.
 *
 * The kernel calls it last on each thread that ends, however it ends, with the thread current and its stack whole,
 * before a joiner is woken. A call from inside a destructor does nothing and says so in the report. No lock is held
 * while a destructor runs. The cost is proportional to the number of values set; a few instructions if there are none.
 *
 * Callable from threads. POSIX pthread_exit, C11 thrd_exit, Win32 DLL_THREAD_DETACH.
 */
void tsd_thread_exit(tsd_exit_report_t *report) TSD_SYMBOL(tsd_thread_exit);

/*
 * Runs the exit of a thread that never runs again, on behalf of it: one that another thread has deleted, or that was
 * killed where it stood. An exit of its own that was cut short is finished: what it had not taken gets its destructor
 * now, in new rounds. A value whose destructor had begun, or was about to, is named in the report (TSD_EXIT_INTERRUPTED),
 * for no destructor runs twice; nobody can tell whether it had just returned. Detach notifications that it had begun to
 * send are not sent again.
 *
 * The kernel calls it where it buries the thread, before its stack and its structure go away. From before the call until
 * it has returned, tsd_current() (or the thread pointer, where the archive reads that) gives the dead thread's structure
 * on the calling thread: the destructors run there and find its values.
 *
 *     struct thread *self = current_thread;   the kernel's own
 *     current_thread = dead;
 *     tsd_thread_reap(&report);
 *     current_thread = self;
 *
 * That is right where no destructor yields, sleeps or waits, and nothing preempts. Else the scheduler must not take the dead
 * thread for the running one, and current_thread belongs to the thread that calls: it is saved and restored with it.
 *
 * Where a thread may be killed without it: between any two instructions of its own code, of tsd_get(), tsd_set(), and of
 * its destructors and exit. A thread that is killed inside tsd_key_create() or tsd_key_delete() may take one index with
 * it; inside tsd_once() before its routine is called, the control; inside tsd_thread_attach(), detach notifications are sent
 * though attach notifications may not have been.
 *
 * Callable from threads. As tsd_thread_exit(), and where an exit was cut short, a look at each slot.
 */
void tsd_thread_reap(tsd_exit_report_t *report) TSD_SYMBOL(tsd_thread_reap);

/* ---- Keys and values -------------------------------------------------------------------------------------------- */

/*
 * Creates a key that reads NULL in every thread. `destructor` may be NULL. TSD_EAGAIN when TSD_KEYS keys exist: then
 * tsd_key_next() lists who holds them, by name and destructor.
 *
 * Callable from threads, destructors and interrupt handlers. Lock-free; looks at one word for each 32 or 64 keys.
 * POSIX pthread_key_create, C11 tss_create.
 */
int tsd_key_create(tsd_key_t *key, tsd_destructor_t destructor) TSD_SYMBOL(tsd_key_create);

/* Bits of tsd_key_options_t.flags and tsd_key_info_t.flags. */
#define TSD_KEY_LAST_PHASE 1u     /* destroyed after every ordinary key: for allocators and language runtimes */
#define TSD_KEY_STATIC 2u         /* can't be deleted; only in tsd_key_info_t */
#define TSD_KEY_HAS_DESTRUCTOR 4u /* only in tsd_key_info_t */

typedef struct tsd_key_options {
    tsd_destructor_t destructor; /* or NULL */
    const char *name;            /* the owner, in ASCII, for listings; never changed as long as the key exists; or NULL */
    uint32_t flags;              /* 0 or TSD_KEY_LAST_PHASE */
} tsd_key_options_t;

/* tsd_key_create() with a name and a phase. TSD_EINVAL also for a name that is not ASCII and for unknown flags. */
int tsd_key_create_with(tsd_key_t *key, const tsd_key_options_t *options) TSD_SYMBOL(tsd_key_create_with);

/*
 * Deletes a key. No thread reads a value under it any more, and values still set get no destructor. A thread exit on
 * another CPU that has begun to take a value before still calls its destructor, and may enter it a moment after this has
 * returned. A handler that deletes a key while the thread's own exit takes its value has that value if it has got it by
 * tsd_get() before, in the same handler: then it gets no destructor. Where tsd_get() gives NULL the value is exit's, which
 * calls the destructor.
 *
 * Callable from threads, destructors and interrupt handlers. Lock-free; touches one table entry, whatever the number of
 * threads. POSIX pthread_key_delete, C11 tss_delete.
 */
int tsd_key_delete(tsd_key_t key) TSD_SYMBOL(tsd_key_delete);

/*
 * Deletes every key whose destructor lies from `start` up to `end`, such as those that an unloaded module has left, but no
 * static key; returns how many there were.
 *
 * Another CPU may be in one of the destructors, or about to enter it. Their code and data may go away after these steps; but
 * FlsFree() of an index whose callback lies there must be over before, on every thread:
 * (1) see that nothing creates such keys any more, and call this; (2) have each CPU pass a memory barrier, for instance by an
 * interrupt; (3) wait until each thread for which tsd_thread_is_exiting() says so has left its exit once, or was reaped;
 * (4) have each CPU pass a memory barrier again. Thread-exit functions and notifications are not looked for, and an Fls
 * index whose callback lies there is gone with no callback for its values.
 *
 * Callable from threads, destructors and interrupt handlers. Lock-free; looks at all TSD_KEYS keys.
 */
uint32_t tsd_keys_purge(const void *start, const void *end) TSD_SYMBOL(tsd_keys_purge);

/* Whether `thread` is in its exit. Callable from anywhere, for any thread. */
int tsd_thread_is_exiting(const tsd_thread_t *thread) TSD_SYMBOL(tsd_thread_is_exiting);

/*
 * Stores the calling thread's value. NULL clears; a replaced value gets no destructor. TSD_ESRCH where no thread is
 * current.
 *
 * An interrupt handler may come anywhere in this call and set, get or delete any key, with one exception: if it deletes the
 * key of the call that it interrupts, creates another, and sets that one on the same thread, the call's value may be found
 * under the new key. POSIX leaves a pthread_setspecific() that races with the deletion of its key undefined.
 *
 * Callable from threads, destructors and interrupt handlers. Wait-free. POSIX pthread_setspecific, C11 tss_set.
 */
int tsd_set(tsd_key_t key, const void *value) TSD_SYMBOL(tsd_set) TSD_ONLY_STORES(2);

/*
 * void *tsd_get(tsd_key_t key): the calling thread's value; NULL if it set none, the key does not exist, or no thread
 * is current. But where it is inline a thread must be current: none is looked for.
 *
 * Callable from threads, destructors and interrupt handlers. Wait-free, writes nothing. POSIX pthread_getspecific,
 * C11 tss_get. It is inline where the thread pointer is known: see the end of this file.
 */

/* ---- Thread-exit functions -------------------------------------------------------------------------------------- */

/*
 * Registers a function for the calling thread's exit, to be called with `argument` before those registered earlier and
 * before the keys' destructors. TSD_ENOMEM when the thread has TSD_EXIT_FUNCTIONS of them.
 *
 * Callable from threads, destructors and interrupt handlers. Lock-free.
 */
int tsd_at_thread_exit(void (*function)(void *argument), void *argument) TSD_SYMBOL(tsd_at_thread_exit);

/*
 * Runs the calling thread's exit functions and nothing else of its exit; returns how many there were. For exit(): C++
 * destroys the objects of the thread that calls it before atexit()'s functions run, while no key's destructor is called.
 *
 * Callable from threads and destructors. No lock is held while a function runs.
 */
uint32_t tsd_run_exit_functions(void) TSD_SYMBOL(tsd_run_exit_functions);

/* ---- One-time initialisation ------------------------------------------------------------------------------------ */

/*
 * 0: the routine was never called. A number, so that TSD_ONCE_INIT initialises a control and can be assigned to one that
 * is to be used again.
 */
typedef uint32_t tsd_once_t;

#define TSD_ONCE_INIT 0

/*
 * Calls `routine` if no call with this control has completed; returns when one has. If the routine's thread is killed
 * inside, or leaves it by a C++ exception (x86_64, aarch64, riscv64; elsewhere it ends the program), the control is as if
 * never called. TSD_EDEADLK from inside the control's own routine; TSD_ESRCH where it would have to wait but no thread
 * is current.
 *
 * Callable from threads and destructors; from interrupt handlers once completed. Waits through tsd_wait(), which is no
 * cancellation point. No lock is held while the routine runs. POSIX pthread_once, C11 call_once.
 */
int tsd_once(tsd_once_t *control, void (*routine)(void)) TSD_SYMBOL(tsd_once);

/*
 * Gives `control` back, as if never called, because the calling thread is in its routine and will not return to it; and
 * with it the controls of the routines that the thread began inside that one. Waiters go on, and one of them runs the
 * routine. TSD_EINVAL where the thread is not in the routine; nothing has changed then.
 *
 * For C libraries. A thread that ends inside a routine gives its control back in tsd_thread_exit() at the latest, but
 * POSIX runs cleanup handlers before that, and a handler which was pushed outside of pthread_once() may call it for the
 * same control: it would get TSD_EDEADLK, and a handler that waits for another thread which waits for the control would
 * wait for ever. So a C library's pthread_once() and call_once() push a cleanup handler that calls this with the control,
 * call tsd_once(), and pop the handler; then cancellation, pthread_exit() and thrd_exit() come here first. Where the
 * thread leaves the stack by an exception instead, tsd_once() does it by itself.
 *
 * The routine must not go on afterwards, and its stack must still be as it was: the caller runs below it, as a cleanup
 * handler does. Callable from threads. No lock is held; wakes by tsd_wake(). Costs a few steps for each routine that the
 * thread is in. POSIX pthread_once (cancellation).
 */
int tsd_once_cancel(tsd_once_t *control) TSD_SYMBOL(tsd_once_cancel);

/*
 * The kernel's hook for sleeping: blocks the calling thread while *word is `expected`, until tsd_wake() is called for
 * that word. The comparison and going to sleep are one step as seen by tsd_wake(). It may return early.
 *
 * A kernel that links tsd_once() or a function that has it below, or FlsSetValue() or FlsFree(), defines both hooks.
 * There is no default: an "undefined reference to tsd_wait_v1_..." means that they are missing.
 */
void tsd_wait(const uint32_t *word, uint32_t expected) TSD_SYMBOL(tsd_wait);

/* The kernel's hook that wakes every thread that is blocked on `word`. */
void tsd_wake(const uint32_t *word) TSD_SYMBOL(tsd_wake);

/*
 * Defines both hooks for a kernel in which waiters spin: TSD_SPIN_WHILE_WAITING; at file scope, in one file. Only for kernels
 * that preempt, and without strict priorities: elsewhere a waiter would starve the thread that it waits for. A cooperative
 * kernel defines tsd_wait as `if (*word == expected) yield();` and tsd_wake as nothing.
 */
#define TSD_SPIN_WHILE_WAITING                                                                                         \
    void tsd_wait(const uint32_t *word, uint32_t expected) {                                                           \
        while (TSD_LOAD_(word) == expected) {                                                  \
            TSD_RELAX_();                                                                                              \
        }                                                                                                              \
    }                                                                                                                  \
    void tsd_wake(const uint32_t *word) {                                                                              \
        (void)word;                                                                                                    \
    }                                                                                                                  \
    void tsd_wake(const uint32_t *word)

/* Without compare-and-swap, compilers may call a function for an atomic load. */
#if TSD_CRITICAL_SECTIONS
#define TSD_LOAD_(word) (*(const volatile uint32_t *)(word))
#else
#define TSD_LOAD_(word) __atomic_load_n((word), __ATOMIC_RELAXED)
#endif

/* Tells the CPU that it is in a loop that waits, where it has an instruction for that. */
#if defined(__x86_64__) || defined(__i386__)
#define TSD_RELAX_() __asm__ volatile("pause")
#elif defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
#define TSD_RELAX_() __asm__ volatile("yield")
#else
#define TSD_RELAX_() ((void)0)
#endif

/* ---- Attach and detach notifications ---------------------------------------------------------------------------- */

/* Why a notification is sent. The numbers are Win32's. */
#define TSD_THREAD_ATTACH 2u
#define TSD_THREAD_DETACH 3u

typedef struct tsd_notification {
    void (*function)(uint32_t reason, void *context); /* called on the thread in question, with no lock held */
    void *context;
} tsd_notification_t;

/*
 * Registers a notification for threads that start or end from now on. It must stay where it is. Called after those of
 * the linker's table at attach, before them at detach, there in reverse order. TSD_ENOMEM when TSD_NOTIFICATIONS are
 * registered.
 *
 * Callable from threads, destructors and interrupt handlers. Lock-free.
 */
int tsd_notification_register(const tsd_notification_t *notification) TSD_SYMBOL(tsd_notification_register);

/* Takes a registration back. A thread that is at its notifications may still call it. TSD_EINVAL if there is none. */
int tsd_notification_unregister(const tsd_notification_t *notification) TSD_SYMBOL(tsd_notification_unregister);

/*
 * Kept although nothing names them, and in the order in which the file has them. GCC for bare metal may know `retain` and
 * warn that it can't do it; there tsd-notifications.ld keeps them.
 */
#ifdef __has_attribute
#if __has_attribute(retain) && (defined(__clang__) || defined(__linux__))
#define TSD_RETAIN , retain
#endif
#if __has_attribute(no_reorder)
#define TSD_NO_REORDER , no_reorder
#endif
#endif
#ifndef TSD_RETAIN
#define TSD_RETAIN
#endif
#ifndef TSD_NO_REORDER
#define TSD_NO_REORDER
#endif

/*
 * Puts a notification in the table that the linker collects, in the order of linking: TSD_NOTIFICATION(my_module,
 * my_function, my_context); at file scope. The kernel's linker script includes tsd-notifications.ld, or has no such
 * section at all, in which case linkers collect it by themselves.
 */
#ifdef TSD_MINIMAL
#define TSD_NOTIFICATION(name, function, context) TSD_ASSERT(0, an_archive_of_install_minimal_has_no_notifications)
#else
#define TSD_NOTIFICATION(name, function, context)                                                                      \
    static const tsd_notification_t name __attribute__((section("tsd_notifications"), aligned(sizeof(void *)),         \
                                                        used TSD_RETAIN TSD_NO_REORDER)) = {function, context}
#endif

/* ---- Listings, for debuggers and panic dumps -------------------------------------------------------------------- */

/* A live key. */
typedef struct tsd_key_info {
    tsd_key_t key;
    uint32_t flags;
    tsd_destructor_t destructor;
    const char *name; /* never NULL */
} tsd_key_info_t;

/*
 * The next live key: with `uint32_t cursor = 0`, `while (tsd_key_next(&cursor, &info))` lists them. 1, or 0 at the end.
 * Keys that come or go meanwhile may be left out. Callable from anywhere.
 */
int tsd_key_next(uint32_t *cursor, tsd_key_info_t *info) TSD_SYMBOL(tsd_key_next);

/* The next key under which `thread`, the caller or one that is stopped, has a value. As tsd_key_next(). */
int tsd_value_next(const tsd_thread_t *thread, uint32_t *cursor, tsd_key_info_t *info, void **value)
    TSD_SYMBOL(tsd_value_next);

/* The value of any thread. It may be gone the next moment, unless the thread is the caller or stopped. */
void *tsd_thread_get(const tsd_thread_t *thread, tsd_key_t key) TSD_SYMBOL(tsd_thread_get);

/*
 * The key whose destructor `thread` is in or about to call, and the round, counted from 1; 0 if it is in none. `round` may
 * be NULL. While exit looks whether a value has a destructor to call, its key is named, too, be it deleted.
 */
tsd_key_t tsd_thread_destructor(const tsd_thread_t *thread, uint32_t *round) TSD_SYMBOL(tsd_thread_destructor);

uint32_t tsd_keys_in_use(void) TSD_SYMBOL(tsd_keys_in_use);
uint32_t tsd_keys_high_water(void) TSD_SYMBOL(tsd_keys_high_water); /* the most that were ever in use at once */
uint32_t tsd_keys_retired(void) TSD_SYMBOL(tsd_keys_retired); /* indexes that have used up their generations */

/* ---- Layout: what `tsd install` read from the archive must be what this compiler makes of the above ------------- */

#ifdef TSD_SIZEOF_THREAD
TSD_ASSERT(sizeof(tsd_thread_t) == TSD_SIZEOF_THREAD, size_of_thread);
#ifndef TSD_MINIMAL
TSD_ASSERT(offsetof(tsd_thread_t, last_error) == TSD_OFFSETOF_LAST_ERROR, offset_of_last_error);
TSD_ASSERT(offsetof(tsd_thread_t, next) == TSD_OFFSETOF_NEXT, offset_of_next);
TSD_ASSERT(offsetof(tsd_thread_t, function_count) == TSD_OFFSETOF_FUNCTIONS, offset_of_functions);
TSD_ASSERT(sizeof(tsd_exit_report_t) == TSD_SIZEOF_EXIT_REPORT, size_of_exit_report);
TSD_ASSERT(offsetof(tsd_exit_report_t, left_over_keys) == TSD_OFFSETOF_LEFT_OVER_KEYS, offset_of_left_over_keys);
#endif
TSD_ASSERT(sizeof(tsd_once_t) == TSD_SIZEOF_ONCE, size_of_once);
TSD_ASSERT(sizeof(tsd_notification_t) == TSD_SIZEOF_NOTIFICATION, size_of_notification);
#endif
TSD_ASSERT(sizeof(tsd_slot_t) == 2 * sizeof(void *) && sizeof(uintptr_t) == sizeof(void *), slots_are_two_words);

/* ---- tsd_get(), static keys ------------------------------------------------------------------------------------- */

/* The keys. Nothing in it is to be touched. */
typedef struct tsd_table {
    struct {
        uintptr_t tag;
        tsd_destructor_t destructor;
    } entries[TSD_KEYS];
#ifndef TSD_MINIMAL
    struct {
        const char *start;
        uintptr_t length;
    } names[TSD_KEYS];
#endif
    uintptr_t used[(TSD_KEYS + TSD_WORD_BITS - 1) / TSD_WORD_BITS];
    uintptr_t reserved, retired, high_water, statics;
    uint32_t rounds;
} tsd_table_t;
extern tsd_table_t tsd_table TSD_SYMBOL(tsd_table) __attribute__((visibility("hidden")));
#ifdef TSD_SIZEOF_TABLE
TSD_ASSERT(sizeof(tsd_table_t) == TSD_SIZEOF_TABLE, size_of_table);
#endif

#include "tsd/inline.h"

#include "tsd/static.h"

#ifdef __cplusplus
}
#endif

#endif
