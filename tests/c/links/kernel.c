/*
 * A kernel for the linker alone: it has what the archive wants of it, calls some of what it gets, and is linked with
 * every member at each address where kernels lie. docs/porting/lk.md quotes it.
 */
#define TSD_CURRENT() (&this_cpu()->current->tsd)
#include <tsd.h>

#include <tsd/cxxabi.h>
#include <tsd/pthread.h>
#include <tsd/threads.h>
#include <tsd/windows.h>

struct thread {
    const char *name;
    tsd_thread_t tsd;
};

struct cpu {
    struct thread *current;
};

#ifdef __aarch64__
/* The register is the kernel's: -ffixed-x18. */
register struct cpu *x18 __asm__("x18");

static inline struct cpu *this_cpu(void) {
    return x18;
}
#else
static struct cpu boot_cpu;

static inline struct cpu *this_cpu(void) {
    return &boot_cpu;
}
#endif

tsd_thread_t *tsd_current(void) {
    struct thread *thread = this_cpu()->current;
    return thread ? &thread->tsd : NULL;
}

TSD_SPIN_WHILE_WAITING;

static void note(uint32_t reason, void *context) {
    (void)reason;
    (void)context;
}
TSD_NOTIFICATION(noted, note, NULL);

static void initialise(void) {
}

void entry(void);
void entry(void) {
    static tsd_once_t control = TSD_ONCE_INIT;
    static struct thread boot_thread;
    tsd_key_t key;
    tsd_thread_init(&boot_thread.tsd);
    this_cpu()->current = &boot_thread;
    tsd_thread_attach();
    if (tsd_once(&control, initialise) == 0 && tsd_key_create(&key, NULL) == 0 && tsd_set(key, &key) == 0) {
        tsd_FlsSetValue(tsd_FlsAlloc(NULL), tsd_get(key));
    }
    tsd_thread_exit(NULL);
    for (;;) {
    }
}
