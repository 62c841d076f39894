// thread_local objects: constructed at first use on each thread, destroyed at its end in reverse order.
#include <cassert>
#include <cstring>

#include <atomic>
#include <pthread.h>

static std::atomic<int> alive, constructed;
static char order[4];

struct Object {
    char name;
    explicit Object(char n) : name(n) {
        alive++;
        constructed++;
    }
    ~Object() {
        alive--;
        order[strlen(order)] = name;
    }
};

static thread_local Object first('1');
static thread_local Object second('2');

static Object &local() {
    static thread_local Object object('3');
    return object;
}

static void *use(void *) {
    assert(first.name == '1' && second.name == '2');
    assert(&local() == &local() && local().name == '3');
    return nullptr;
}

static void *use_nothing(void *) { return nullptr; }

static void run(void *(*start)(void *)) {
    pthread_t thread;
    assert(pthread_create(&thread, nullptr, start, nullptr) == 0 && pthread_join(thread, nullptr) == 0);
}

int main() {
    run(use_nothing);
    assert(constructed == 0);
    run(use);
    assert(constructed == 3 && alive == 0 && strcmp(order, "321") == 0);
    for (int i = 0; i < 50; i++) {
        memset(order, 0, sizeof order);
        run(use);
    }
    assert(constructed == 153 && alive == 0);
    return 0;
}
