/*
 * A kernel for the linker alone: it has what the archive wants of it, calls some of what it gets, and is linked with
 * every member at each address where kernels lie. docs/porting/lk.md quotes it.
 */
#define TSD_CURRENT() (&this_cpu()->current->tsd)
#include <tsd.h>

#include <tsd/cxxabi.h>
#include <tsd/pthread.h>
#include <tsd/thread_local.h>
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

#if TSD_CRITICAL_SECTIONS
uintptr_t tsd_critical_acquire(void) {
    return 0;
}

void tsd_critical_release(uintptr_t state) {
    (void)state;
}
#endif

static char memory[4096];
static size_t taken;

void *tsd_allocate(size_t size) {
    taken += size;
    return taken <= sizeof memory ? memory + taken - size : NULL;
}

void tsd_free(void *block) {
    (void)block;
}

void *tsd_thread_local_failed(int error, size_t size, size_t alignment) {
    (void)error;
    (void)size;
    (void)alignment;
    for (;;) {
    }
}

static void note(uint32_t reason, void *context) {
    (void)reason;
    (void)context;
}
TSD_NOTIFICATION(noted, note, NULL);

/* What a compiler that emulates has for a thread-local variable; not each one does for each CPU. */
static uintptr_t variable[4] = {sizeof(int), sizeof(int), 0, 0};

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
    *(int *)tsd___emutls_get_address(variable) = 1;
    tsd_thread_exit(NULL);
    for (;;) {
    }
}
