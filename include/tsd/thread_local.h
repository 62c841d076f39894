/*
 * tsd's thread-local storage: C's _Thread_local and C++'s thread_local in a kernel that has none in its ELF format,
 * for what is compiled with clang -femulated-tls. GCC has no such option. docs/targets.md of the library has a table of
 * what each storage model needs.
 *
 * Programs need not call anything: the compiler calls __emutls_get_address() where a variable is used. The first use
 * on a thread takes memory by the hooks below, one allocation for each variable and one for each 15; thread exit frees
 * it, after the C++ destructors and those of ordinary keys. What a destructor of a last-phase key uses after that
 * begins anew and is freed in a later round; where TSD_ROUNDS are used up it is lost, and the report has
 * TSD_EXIT_LEFT_OVER. For all of it there is one key of the last phase, "thread_local", created at the first use of
 * all.
 *
 * Callable from threads and destructors. From interrupt handlers that find the interrupted thread, too, but for its
 * first use of any variable: a handler's would be lost if it came while the thread makes its own. With no hook called,
 * it is wait-free: a tsd_get() and a step for each 15 variables. A thread that is killed in a hook, in its first use of
 * a variable or in the part of its exit that frees the memory takes some of it with it; of the last, the report of the
 * reaping says TSD_EXIT_INTERRUPTED. With link-time optimisation -femulated-tls is ignored: compile such files without.
 *
 * Nothing of <tsd.h> is declared here.
 */
#ifndef TSD_THREAD_LOCAL_H
#define TSD_THREAD_LOCAL_H

#include <stddef.h>

#include "symbols.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What compilers call, with what they have for a variable: four words. */
void *tsd___emutls_get_address(void *variable) TSD_FAMILY_SYMBOL(__emutls_get_address);

/*
 * The kernel's hooks for memory. tsd_allocate() gives `size` bytes that are aligned for pointers, whatever is in them,
 * or NULL; any greater alignment of a variable is seen to here. tsd_free() gets what tsd_allocate() gave, on the
 * thread that had it or the one that reaps it. They must not use a variable that is stored so themselves.
 */
void *tsd_allocate(size_t size) TSD_SYMBOL(tsd_allocate);
void tsd_free(void *memory) TSD_SYMBOL(tsd_free);

/*
 * The kernel's hook for a variable that can't be had. The error is 12 (ENOMEM: tsd_allocate() gave NULL), 3 (ESRCH: no
 * thread is current), 11 (EAGAIN: no key is free) or 22 (EINVAL: somebody has deleted the key). The language has no
 * way to tell the program, so the hook does not return: it stops the kernel, or ends the thread. Where it returns, the
 * program has what it gives for the variable's address: a kernel may have memory of a CPU's own for early boot and
 * interrupts. Nothing is kept of the failure here, but a compiler keeps the address for the rest of the function that
 * has asked.
 */
void *tsd_thread_local_failed(int error, size_t size, size_t alignment) TSD_SYMBOL(tsd_thread_local_failed);

#ifdef __cplusplus
}
#endif
#endif
