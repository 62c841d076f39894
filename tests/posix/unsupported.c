/* What is not there says so: processes, signal handlers and files are ENOSYS, and the program goes on. */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void handler(int signal) { _exit(signal); }

int main(void) {
    const struct sigaction action = {.sa_handler = handler};
    int ends[2];
    assert(fork() == -1 && errno == ENOSYS);
    errno = 0;
    assert(sigaction(SIGUSR1, &action, NULL) == -1 && errno == ENOSYS);
    errno = 0;
    assert(signal(SIGUSR1, handler) == SIG_ERR && errno == ENOSYS);
    errno = 0;
    assert(wait(NULL) == -1 && errno == ENOSYS);
    errno = 0;
    assert(pipe(ends) == -1 && errno == ENOSYS);
    errno = 0;
    assert(open("/dev/null", O_RDONLY) == -1 && errno == ENOSYS);
    errno = 0;
    assert(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0) == MAP_FAILED && errno == ENOSYS);
    /* A thread can still be asked for, and a mask be kept. */
    sigset_t set, old;
    assert(sigemptyset(&set) == 0 && sigaddset(&set, SIGUSR1) == 0);
    assert(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 && pthread_sigmask(SIG_BLOCK, NULL, &old) == 0);
    assert(sigismember(&old, SIGUSR1) == 1 && pthread_kill(pthread_self(), 0) == 0);
    puts("went on");
    return 0;
}
