/* A kernel that has POSIX's keys and ends its threads: what it links of libtsd.a is measured. What is its own lies in
 * sections of other names. */
#include <tsd.h>
#include <tsd/pthread.h>

#define CODE __attribute__((section("kernel_code")))
#define DATA __attribute__((section("kernel_data")))

DATA static tsd_thread_t *volatile current;
DATA static volatile int destroyed;

CODE void kernel(tsd_thread_t *thread);

CODE tsd_thread_t *tsd_current(void) { return current; }

#if TSD_CRITICAL_SECTIONS
CODE uintptr_t tsd_critical_acquire(void) { return 0; }

CODE void tsd_critical_release(uintptr_t state) { (void)state; }
#endif

CODE static void destroy(void *value) { destroyed += value != NULL; }

CODE void kernel(tsd_thread_t *thread) {
    pthread_key_t key;
    current = thread;
    if (pthread_key_create(&key, destroy) == 0) {
        if (pthread_setspecific(key, thread) == 0 && pthread_getspecific(key) == thread) {
            tsd_thread_exit(NULL);
        }
        pthread_key_delete(key);
    }
}
