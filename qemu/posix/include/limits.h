/* The C library's limits, with those of the library that programs get their keys from. One key is errno's. */
#ifndef TSD_POSIX_LIMITS_H
#define TSD_POSIX_LIMITS_H

#include_next <limits.h>

#include <tsd/config.h>

#ifdef PTHREAD_KEYS_MAX
#undef PTHREAD_KEYS_MAX
#define PTHREAD_KEYS_MAX (TSD_KEYS - 1)
#undef PTHREAD_DESTRUCTOR_ITERATIONS
#define PTHREAD_DESTRUCTOR_ITERATIONS TSD_ROUNDS
#endif

#endif
