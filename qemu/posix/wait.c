/* Waiting for a word, in the kernel's scheduler. Called for tsd_once(), which must be no cancellation point. */
#include <sys/syscall.h>
#include <unistd.h>

#include <tsd.h>

/* The operations of the futex call, for words of one process. */
enum { WAIT = 128, WAKE = 129 };
enum { ALL = 0x7fffffff };

/* syscall() is no cancellation point. Whatever ends the wait, the caller looks at the word again. */
void tsd_wait(const uint32_t *word, uint32_t expected) { (void)syscall(SYS_futex, word, WAIT, expected, (void *)0); }

void tsd_wake(const uint32_t *word) { (void)syscall(SYS_futex, word, WAKE, ALL); }
