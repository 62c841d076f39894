/*
 * tsd's C11 family: thread-specific storage and call_once. ISO C11 7.26.2, 7.26.6.
 *
 * The functions are declared with the prefix tsd_. Where the archive has plain names, those are declared too, and tss_t
 * and the like come from the C library's <threads.h> if there is one; else this header defines them. A C library whose
 * own <threads.h> includes this header defines TSD_IS_THREADS_H before, and gets the plain names alone.
 *
 * It declares nothing of <tsd.h>, so a program may use all other names that begin with tsd_.
 *
 * What C11 leaves open: every failure is thrd_error; tss_delete() of a key that does not exist does nothing, and so
 * does call_once() with a NULL or from its own routine. thrd_exit() and the return of a thread's function run the
 * destructors by way of the kernel's tsd_thread_exit().
 */
#ifndef TSD_THREADS_H
#define TSD_THREADS_H

#include "symbols.h"

/* The numbers of glibc and musl. */
#define TSD_THRD_SUCCESS 0
#define TSD_THRD_ERROR 2

#ifndef TSD_IS_THREADS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef __UINT32_TYPE__ tsd_tss_t;
typedef void (*tsd_tss_dtor_t)(void *value);
typedef __UINT32_TYPE__ tsd_once_flag;

/* An initialiser that can be assigned, too. */
#define TSD_ONCE_FLAG_INIT 0
#define TSD_TSS_DTOR_ITERATIONS TSD_ROUNDS

/* See tsd_key_create() in <tsd.h>. */
int tsd_tss_create(tsd_tss_t *key, tsd_tss_dtor_t destructor) TSD_FAMILY_SYMBOL(tss_create);
/* See tsd_key_delete(). */
void tsd_tss_delete(tsd_tss_t key) TSD_FAMILY_SYMBOL(tss_delete);
/* See tsd_get(). */
void *tsd_tss_get(tsd_tss_t key) TSD_FAMILY_SYMBOL(tss_get);
/* See tsd_set(). */
int tsd_tss_set(tsd_tss_t key, void *value) TSD_FAMILY_SYMBOL(tss_set);
#ifndef TSD_MINIMAL
/* See tsd_once(). */
void tsd_call_once(tsd_once_flag *flag, void (*function)(void)) TSD_FAMILY_SYMBOL(call_once);
#endif

#ifdef __cplusplus
}
#endif

#endif

#ifdef TSD_PLAIN_NAMES

#if !defined(TSD_IS_THREADS_H) && defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1 && defined(__has_include)
/* Newlib and picolibc have one for all targets, which needs another that bare-metal targets do not have. */
#if __has_include(<machine/_threads.h>) || \
    (__has_include(<threads.h>) && !__has_include(<_newlib_version.h>) && !__has_include(<picolibc.h>))
#define TSD_HAS_THREADS_H
#endif
#endif

#ifdef TSD_HAS_THREADS_H
#include <threads.h>
TSD_ASSERT(sizeof(tss_t) == sizeof(__UINT32_TYPE__), size_of_tss_t);
TSD_ASSERT(sizeof(once_flag) >= sizeof(__UINT32_TYPE__), size_of_once_flag);
TSD_ASSERT((int)thrd_success == TSD_THRD_SUCCESS && (int)thrd_error == TSD_THRD_ERROR, numbers_of_thrd);
#else
typedef __UINT32_TYPE__ tss_t;
typedef void (*tss_dtor_t)(void *value);
typedef __UINT32_TYPE__ once_flag;
#define ONCE_FLAG_INIT 0
#ifndef TSD_IS_THREADS_H
enum { thrd_success = TSD_THRD_SUCCESS, thrd_error = TSD_THRD_ERROR };
#endif
#ifdef __cplusplus
extern "C" {
#endif
int tss_create(tss_t *key, tss_dtor_t destructor);
void tss_delete(tss_t key);
void *tss_get(tss_t key);
int tss_set(tss_t key, void *value);
#ifndef TSD_MINIMAL
void call_once(once_flag *flag, void (*function)(void));
#endif
#ifdef __cplusplus
}
#endif
#endif

#undef TSS_DTOR_ITERATIONS
#define TSS_DTOR_ITERATIONS TSD_ROUNDS

#endif
#endif
