/*
 * errno as thread-specific data: a static key, which no program can delete, whose value points to the thread's number.
 *
 * The numbers are taken from a fixed pool, since an allocator sets errno itself, and go back to it in the last phase of
 * the thread's exit, because destructors of ordinary keys may still use theirs. The pool has one for each thread that the
 * kernel can have.
 */
#include <stdatomic.h>

#include <tsd.h>

int *__errno_location(void);
int *___errno_location(void);

enum { THREADS = 320 };

static int numbers[THREADS];
static atomic_uchar is_used[THREADS];

/* For threads beyond the kernel's number, and after the end of a thread's keys. */
static int of_no_thread;

static void give_back(void *number) { atomic_store(&is_used[(int *)number - numbers], 0); }

/* The one static key that programs have, ahead of PTHREAD_KEYS_MAX of their own. */
#define KEYS(KEY) KEY(errno_key, give_back, TSD_KEY_LAST_PHASE)
TSD_STATIC_KEYS(KEYS);
TSD_STATIC_KEY_TABLE(KEYS);

static int *take(void) {
    for (int i = 0; i < THREADS; i++) {
        unsigned char expected = 0;
        if (atomic_compare_exchange_strong(&is_used[i], &expected, 1)) {
            if (tsd_static_set(errno_key, &numbers[i]) == 0) {
                numbers[i] = 0;
                return &numbers[i];
            }
            atomic_store(&is_used[i], 0);
            break;
        }
    }
    return &of_no_thread;
}

int *__errno_location(void) {
    int *number = tsd_static_get(errno_key);
    return number ? number : take();
}

/* The C library's own name for it. */
int *___errno_location(void) { return __errno_location(); }
