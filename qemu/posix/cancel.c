/*
 * pthread_setcanceltype(), which tells the kernel: a thread that may be cancelled at any instruction is cancelled by a
 * function that the kernel calls after an interrupt. Calls are led here by the linker.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own call: SET_CANCEL in qemu/kernel/src/modes/program/call.rs. */
enum { SET_CANCEL = 0x74736400 };

int __wrap_pthread_setcanceltype(int type, int *old);
int __real_pthread_setcanceltype(int type, int *old);

int __wrap_pthread_setcanceltype(int type, int *old) {
    int error = __real_pthread_setcanceltype(type, old);
    if (!error) {
        (void)syscall(SET_CANCEL, type == PTHREAD_CANCEL_ASYNCHRONOUS ? pthread_testcancel : NULL);
    }
    return error;
}
