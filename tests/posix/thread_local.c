/* Native thread-local storage: initialised and cleared data, aligned, of each thread. */
#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <threads.h>

static _Thread_local int initialised = 42;
static thread_local char cleared[1000];
static _Thread_local _Alignas(64) char aligned[64] = "aligned";

static void *check(void *argument) {
    assert(initialised == 42 && (uintptr_t)aligned % 64 == 0 && aligned[0] == 'a');
    for (unsigned i = 0; i < sizeof cleared; i++) {
        assert(cleared[i] == 0);
    }
    initialised = 1;
    aligned[0] = 'b';
    cleared[500] = 1;
    return argument;
}

int main(void) {
    for (int round = 0; round < 100; round++) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) {
            assert(pthread_create(&threads[i], NULL, check, NULL) == 0);
        }
        for (int i = 0; i < 4; i++) {
            assert(pthread_join(threads[i], NULL) == 0);
        }
    }
    check(NULL);
    return 0;
}
