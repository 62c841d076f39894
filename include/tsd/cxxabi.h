/*
 * tsd's C++ family: what compilers and C++ runtimes call to have the destructor of a `thread_local` object run at
 * thread exit. Itanium C++ ABI, 3.3.6.
 *
 * Programs need not call these; a kernel that runs C++ code links them in. Each thread has room for TSD_EXIT_FUNCTIONS
 * objects. The functions are declared with the prefix tsd_; where the archive has plain names, C++ runtimes find them
 * under those. Nothing of <tsd.h> is declared here.
 */
#ifndef TSD_CXXABI_H
#define TSD_CXXABI_H

#include "symbols.h"

#ifdef __cplusplus
extern "C" {
#endif

/* See tsd_at_thread_exit() in <tsd.h>. `dso_handle` is not used: kernels unload no shared objects. */
int tsd___cxa_thread_atexit(void (*destructor)(void *), void *object, void *dso_handle)
    TSD_FAMILY_SYMBOL(__cxa_thread_atexit);
/* The same, under the name that C++ runtimes ask a C library for. */
int tsd___cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *dso_handle)
    TSD_FAMILY_SYMBOL(__cxa_thread_atexit_impl);

#ifdef __cplusplus
}
#endif
#endif
