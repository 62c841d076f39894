// On cancellation the cleanup handlers run first, then the thread's C++ objects, then the keys' destructors.
#include <cassert>
#include <cstring>

#include <pthread.h>
#include <unistd.h>

static char order[8];
static pthread_key_t key;

static void note(char what) { order[strlen(order)] = what; }

struct Object {
    int used = 0;
    ~Object() { note('o'); }
};

static thread_local Object object;

static void cleanup(void *) {
    assert(pthread_getspecific(key) != nullptr);
    note('c');
}

static void *run(void *argument) {
    object.used = 1;
    pthread_setspecific(key, argument);
    pthread_cleanup_push(cleanup, nullptr);
    for (;;) {
        usleep(1000);
    }
    pthread_cleanup_pop(0);
    return nullptr;
}

int main() {
    pthread_t thread;
    assert(pthread_key_create(&key, [](void *) { note('k'); }) == 0);
    assert(pthread_create(&thread, nullptr, run, &thread) == 0);
    usleep(20000);
    assert(pthread_cancel(thread) == 0 && pthread_join(thread, nullptr) == 0);
    return strcmp(order, "cok");
}
