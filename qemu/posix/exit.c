/*
 * The two ends: of a thread, and of the program.
 *
 * The C library calls __pthread_tsd_run_dtors() on a thread that ends, after its cleanup handlers; a program that defines
 * it takes the place of the library's own keys. Calls of exit() are led to __wrap_exit() by the linker.
 */
#include <tsd.h>

void __pthread_tsd_run_dtors(void);
void __wrap_exit(int status) __attribute__((noreturn));
void __real_exit(int status) __attribute__((noreturn));

void __pthread_tsd_run_dtors(void) { tsd_thread_exit(NULL); }

/* The calling thread's C++ objects go first, then what atexit() registered. No key's destructor runs. */
void __wrap_exit(int status) {
    (void)tsd_run_exit_functions();
    __real_exit(status);
}
