/*
 * sysconf() with the limits of the library that programs get their keys from: the C library has its own compiled in.
 * Calls are led here by the linker.
 */
#include <limits.h>
#include <unistd.h>

long __wrap_sysconf(int name);
long __real_sysconf(int name);

long __wrap_sysconf(int name) {
    switch (name) {
    case _SC_THREAD_KEYS_MAX:
        return PTHREAD_KEYS_MAX;
    case _SC_THREAD_DESTRUCTOR_ITERATIONS:
        return PTHREAD_DESTRUCTOR_ITERATIONS;
    default:
        return __real_sysconf(name);
    }
}
