/* libstdc++'s configuration, without the functions of glibc that the C library does not have. */
#ifndef TSD_POSIX_CXX_CONFIG_H
#define TSD_POSIX_CXX_CONFIG_H

#include_next <bits/c++config.h>

#undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT
#undef _GLIBCXX_USE_PTHREAD_MUTEX_CLOCKLOCK
#undef _GLIBCXX_USE_PTHREAD_RWLOCK_CLOCKLOCK

#endif
