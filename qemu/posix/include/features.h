/*
 * The C library's feature macros, and for C++ the names that the headers of libstdc++ expect of glibc: it was configured
 * for that, on both CPUs. The bits are those of the table that both libraries' __ctype_b_loc() gives.
 */
#ifndef TSD_POSIX_FEATURES_H
#define TSD_POSIX_FEATURES_H

#include_next <features.h>

#ifdef __cplusplus
#define __GLIBC_PREREQ(major, minor) 0

#define _ISupper 0x100
#define _ISlower 0x200
#define _ISalpha 0x400
#define _ISdigit 0x800
#define _ISxdigit 0x1000
#define _ISspace 0x2000
#define _ISprint 0x4000
#define _ISgraph 0x8000
#define _ISblank 0x1
#define _IScntrl 0x2
#define _ISpunct 0x4
#define _ISalnum 0x8

/* libstdc++'s name for locale_t. */
#define __locale_t locale_t
#endif

#endif
