/*
 * picolibc on the kernel in C: a TLS block for each thread, and the lock of its heap. What is left out by -DWITHOUT_TLS or
 * -DWITHOUT_LOCKS, picolibc has a default for, which is for one thread.
 */
#include "port.h"

#include <picotls.h>
#include <sys/lock.h>
#include <unistd.h>

/* ---- TLS, at the lower end of each thread's stack. The linker leads the kernel's calls here ---- */

struct thread *__real_thread_start(void (*entry)(void *), void *argument);
struct thread *__wrap_thread_start(void (*entry)(void *), void *argument);
void __real_switch_stack(void **save, void *load);
void __wrap_switch_stack(void **save, void *load);

struct thread *__wrap_thread_start(void (*entry)(void *), void *argument) {
    struct thread *thread = __real_thread_start(entry, argument);
    _init_tls(thread->stack);
    return thread;
}

/* The next thread is the current one by now. */
void __wrap_switch_stack(void **save, void *load) {
#ifndef WITHOUT_TLS
    _set_tls(current->stack);
#endif
    __real_switch_stack(save, load);
}

void port_init(void) {
    /* Its functions on strings use vector registers: CPACR_EL1.FPEN. No thread has a turn inside of them. */
    __asm__ volatile("msr cpacr_el1, %0\n\tisb" : : "r"((uint64_t)3 << 20));
    /* The first thread has the boot stack. */
    _init_tls(current->stack);
    _set_tls(current->stack);
}

/* ---- locks ---- */

#ifndef WITHOUT_LOCKS
struct __lock {
    struct thread *owner;
    unsigned count;
};

struct __lock __lock___libc_recursive_mutex;

void __retarget_lock_acquire_recursive(_LOCK_T lock) {
    while (lock->owner && lock->owner != current) {
        thread_yield();
    }
    lock->owner = current;
    lock->count++;
}

void __retarget_lock_release_recursive(_LOCK_T lock) {
    if (--lock->count == 0) {
        lock->owner = NULL;
    }
}
#endif

/* ---- memory for its heap ---- */

static unsigned in_sbrk;
unsigned most_in_sbrk;

/* Others have their turns meanwhile, as where memory has to be mapped first. */
void *sbrk(ptrdiff_t bytes) {
    static unsigned char heap[256 * 1024] __attribute__((aligned(16)));
    static size_t used;
    void *start = (void *)-1;
    if (++in_sbrk > most_in_sbrk) {
        most_in_sbrk = in_sbrk;
    }
    thread_yield();
    if ((size_t)bytes <= sizeof heap - used) {
        start = heap + used;
        used += (size_t)bytes;
    }
    in_sbrk--;
    return start;
}
