/* Emulated thread-local storage, over the C library's memory. What a thread used is freed when it ends.
 * Compiled with: -femulated-tls
 * Not on: riscv64, for which the compiler can't do it */
#include <assert.h>
#include <pthread.h>

static _Thread_local int number = 7;
static _Thread_local char block[20000];

static void *use(void *argument) {
    assert(number == 7 && block[19999] == 0);
    number++;
    block[19999] = 1;
    assert(number == 8);
    return argument;
}

static void run(void) {
    pthread_t thread;
    assert(pthread_create(&thread, NULL, use, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
    use(NULL);
    assert(number == 8);
    /* Without freeing, 40000 blocks of 20000 bytes are more than the machine has. */
    for (int i = 0; i < 40000; i++) {
        run();
    }
    return 0;
}
