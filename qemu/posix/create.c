/*
 * pthread_create() with room for interrupts: handlers run on the stack of the thread that they interrupt, and the
 * smallest stack that POSIX programs may ask for is too small for that. Calls are led here by the linker.
 */
#include <pthread.h>

/* What the kernel gives its own smallest threads, and a page for the program. */
enum { SMALLEST = 12288 };

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    void *bottom;
    size_t bytes;
    pthread_attr_t roomy;
    if (!attributes || pthread_attr_getstacksize(attributes, &bytes) != 0 || bytes >= SMALLEST ||
        pthread_attr_getstack(attributes, &bottom, &bytes) == 0) {
        return __real_pthread_create(thread, attributes, start, argument);
    }
    roomy = *attributes;
    (void)pthread_attr_setstacksize(&roomy, SMALLEST);
    return __real_pthread_create(thread, &roomy, start, argument);
}
