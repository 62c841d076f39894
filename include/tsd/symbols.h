/*
 * How the headers and the archive fit together: the names of symbols. It declares no function and no type, so that a
 * family's header, which includes it, leaves all other names to the program.
 */
#ifndef TSD_SYMBOLS_H
#define TSD_SYMBOLS_H

#include "config.h"

/* Changes with every change of a layout or a meaning. */
#define TSD_ABI 1

#define TSD_STRING_(text) #text
#define TSD_STRING(text) TSD_STRING_(text)

/*
 * A symbol's name carries the ABI version, the numbers of keys, thread-exit functions and rounds that the archive is
 * built for, and the thread pointer by which it finds a thread. An "undefined reference to tsd_get_v1_k128_f16_r4" means
 * that header and archive are of different builds; one to "tsd_current_v1_..." that the kernel has not defined
 * tsd_current(), or not after including <tsd.h>.
 * With "_minimal" at its end it may also be a function that an archive of `install --minimal` has not: see <tsd.h>.
 */
#ifdef TSD_MINIMAL
#define TSD_MINIMAL_SUFFIX_ "_minimal"
#else
#define TSD_MINIMAL_SUFFIX_ ""
#endif
#if !defined(TSD_THREAD_POINTER)
#define TSD_POINTER_SUFFIX_ ""
#elif defined(TSD_THREAD_POINTER_AT)
#define TSD_POINTER_SUFFIX_                                                                                            \
    "_" TSD_STRING(TSD_THREAD_POINTER) "_" TSD_STRING(TSD_THREAD_POINTER_AT) "_" TSD_STRING(TSD_THREAD_POINTER_OFFSET)
#else
#define TSD_POINTER_SUFFIX_ "_" TSD_STRING(TSD_THREAD_POINTER) "_" TSD_STRING(TSD_THREAD_POINTER_OFFSET)
#endif
#define TSD_SUFFIX                                                                                                     \
    "_v" TSD_STRING(TSD_ABI) "_k" TSD_STRING(TSD_KEYS) "_f" TSD_STRING(TSD_EXIT_FUNCTIONS) "_r" TSD_STRING(TSD_ROUNDS) \
        TSD_POINTER_SUFFIX_ TSD_MINIMAL_SUFFIX_
/* The name as the linker sees it. */
#define TSD_LINKER_NAME(name) TSD_STRING(__USER_LABEL_PREFIX__) #name TSD_SUFFIX
#define TSD_SYMBOL(name) __asm__(TSD_LINKER_NAME(name))
/* Of a family's function: the plain name where tsd/config.h says so, else as above, with tsd_ in front. */
#ifdef TSD_PLAIN_NAMES
#define TSD_FAMILY_SYMBOL(name) __asm__(TSD_STRING(__USER_LABEL_PREFIX__) #name)
#else
#define TSD_FAMILY_SYMBOL(name) TSD_SYMBOL(tsd_##name)
#endif

/* A pointer that is only stored: what it points to need not be initialised. Compilers take a `const` for a reader. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define TSD_ONLY_STORES(number) __attribute__((access(none, number)))
#else
#define TSD_ONLY_STORES(number)
#endif

#if defined(__cplusplus)
#define TSD_ASSERT(condition, name) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define TSD_ASSERT(condition, name) _Static_assert(condition, #name)
#else
#define TSD_ASSERT(condition, name) typedef char tsd_assert_##name[(condition) ? 1 : -1]
#endif

#endif
