/*
 * tsd's POSIX family: keys and once, with POSIX's error numbers.
 *
 * The functions are declared with the prefix tsd_. Where the archive has plain names (bare-metal targets, or `tsd
 * install --plain-names`), those are declared too, and pthread_key_t and the like come from the C library's <pthread.h>
 * if there is one; else this header defines them. A C library whose own <pthread.h> includes this header defines
 * TSD_IS_PTHREAD_H before, and gets the plain names alone.
 *
 * It declares nothing of <tsd.h>, so a program may use all other names that begin with tsd_.
 *
 * What POSIX leaves open: NULL for the key, the control or the routine is EINVAL; a key that does not exist is EINVAL
 * in every call; set is ESRCH where no thread is current; pthread_once() from its own routine is EDEADLK.
 */
#ifndef TSD_PTHREAD_H
#define TSD_PTHREAD_H

#include "symbols.h"

#ifndef TSD_IS_PTHREAD_H

#ifdef __cplusplus
extern "C" {
#endif

typedef __UINT32_TYPE__ tsd_pthread_key_t;
typedef __UINT32_TYPE__ tsd_pthread_once_t;

/* An initialiser that can be assigned, too. */
#define TSD_PTHREAD_ONCE_INIT 0
#define TSD_PTHREAD_KEYS_MAX TSD_KEYS
#define TSD_PTHREAD_DESTRUCTOR_ITERATIONS TSD_ROUNDS

/* See tsd_key_create() in <tsd.h>. EAGAIN when PTHREAD_KEYS_MAX keys exist; never ENOMEM. */
int tsd_pthread_key_create(tsd_pthread_key_t *key, void (*destructor)(void *)) TSD_FAMILY_SYMBOL(pthread_key_create);
/* See tsd_key_delete(). */
int tsd_pthread_key_delete(tsd_pthread_key_t key) TSD_FAMILY_SYMBOL(pthread_key_delete);
/* See tsd_get(). */
void *tsd_pthread_getspecific(tsd_pthread_key_t key) TSD_FAMILY_SYMBOL(pthread_getspecific);
/* See tsd_set(). */
int tsd_pthread_setspecific(tsd_pthread_key_t key, const void *value) TSD_FAMILY_SYMBOL(pthread_setspecific)
    TSD_ONLY_STORES(2);
#ifndef TSD_MINIMAL
/* See tsd_once(). */
int tsd_pthread_once(tsd_pthread_once_t *control, void (*routine)(void)) TSD_FAMILY_SYMBOL(pthread_once);
#endif

#ifdef __cplusplus
}
#endif

#endif

#ifdef TSD_PLAIN_NAMES

#if !defined(TSD_IS_PTHREAD_H) && defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1 && defined(__has_include)
#if __has_include(<pthread.h>)
#define TSD_HAS_PTHREAD_H
#endif
#endif

#ifdef TSD_HAS_PTHREAD_H
#include <limits.h>
#include <pthread.h>
#if defined(_NEWLIB_VERSION) && !defined(_POSIX_THREADS)
/* Newlib declares no functions then, and types where more than the language is wanted. */
#if !defined(__POSIX_VISIBLE) || __POSIX_VISIBLE < 199506
#error "tsd: compile with -D_POSIX_THREADS, without which this C library's <pthread.h> declares nothing"
#endif
#define TSD_DECLARES_PTHREAD
#endif
TSD_ASSERT(sizeof(pthread_key_t) == sizeof(__UINT32_TYPE__), size_of_pthread_key_t);
TSD_ASSERT(sizeof(pthread_once_t) >= sizeof(__UINT32_TYPE__), size_of_pthread_once_t);
#ifdef _NEWLIB_VERSION
/* Newlib's begins with a 1. */
#undef PTHREAD_ONCE_INIT
#define PTHREAD_ONCE_INIT {0, 0}
#endif
#else
typedef __UINT32_TYPE__ pthread_key_t;
typedef __UINT32_TYPE__ pthread_once_t;
#define PTHREAD_ONCE_INIT 0
#define TSD_DECLARES_PTHREAD
#endif

#ifdef TSD_DECLARES_PTHREAD
#ifdef __cplusplus
extern "C" {
#endif
int pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int pthread_key_delete(pthread_key_t key);
void *pthread_getspecific(pthread_key_t key);
int pthread_setspecific(pthread_key_t key, const void *value) TSD_ONLY_STORES(2);
#ifndef TSD_MINIMAL
int pthread_once(pthread_once_t *control, void (*routine)(void));
#endif
#ifdef __cplusplus
}
#endif
#endif

#undef PTHREAD_KEYS_MAX
#define PTHREAD_KEYS_MAX TSD_KEYS
#undef PTHREAD_DESTRUCTOR_ITERATIONS
#define PTHREAD_DESTRUCTOR_ITERATIONS TSD_ROUNDS

#endif
#endif
