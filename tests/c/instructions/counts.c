/* What the header makes of a get, alone in a function: the value goes into whichever register. */
#ifdef BY_VARIABLE
#define TSD_CURRENT() (&current->tsd)
#endif
#include <tsd.h>

#ifdef BY_VARIABLE
/* A kernel's thread control block, and the variable that says which one is current. */
struct thread {
    uintptr_t others[4];
    tsd_thread_t tsd;
};
extern struct thread *current __attribute__((visibility("hidden")));
#endif

#define KEYS(KEY) KEY(first, NULL, 0) KEY(last, NULL, TSD_KEY_LAST_PHASE)
TSD_STATIC_KEYS(KEYS);

#define USE(value) __asm__ volatile("" : : "r"(value))

void run_time_key(tsd_key_t key);
void run_time_key(tsd_key_t key) { USE(tsd_get(key)); }

void static_key(void);
void static_key(void) { USE(tsd_static_get(last)); }
