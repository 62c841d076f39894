// C++ exceptions: through frames with destructors, on several threads, and out of a once routine, which then runs
// again.
#include <cassert>
#include <stdexcept>
#include <string>

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int calls;

struct Counter {
    int &count;
    ~Counter() { count++; }
};

static int deep(int level, int &count) {
    Counter counter{count};
    if (level == 0) {
        throw std::runtime_error("thrown at the bottom");
    }
    return deep(level - 1, count) + 1;
}

static void *run(void *argument) {
    for (int i = 0; i < 100; i++) {
        int count = 0;
        try {
            deep(10, count);
            return nullptr;
        } catch (const std::exception &error) {
            assert(count == 11 && std::string(error.what()) == "thrown at the bottom");
        }
    }
    return argument;
}

static void fail_first() {
    if (calls++ == 0) {
        throw 7;
    }
}

int main() {
    pthread_t threads[4];
    void *result;
    for (auto &thread : threads) {
        assert(pthread_create(&thread, nullptr, run, &thread) == 0);
    }
    for (auto &thread : threads) {
        assert(pthread_join(thread, &result) == 0 && result == &thread);
    }
    try {
        pthread_once(&once, fail_first);
        return 1;
    } catch (int thrown) {
        assert(thrown == 7);
    }
    assert(pthread_once(&once, fail_first) == 0 && pthread_once(&once, fail_first) == 0);
    return calls == 2 ? 0 : 2;
}
