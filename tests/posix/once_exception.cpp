// An exception out of a once routine leaves nothing behind that the end of the thread would stumble over, and inside a
// catch clause the control runs its routine again. With std::call_once, too.
#include <cassert>
#include <cstring>
#include <mutex>

#include <pthread.h>
#include <threads.h>

static int calls, cleaned;

static void fail_first() {
    if (calls++ == 0) {
        throw 7;
    }
}

// What the calls below had on the stack is gone.
static void clobber() {
    char bytes[4096];
    memset(bytes, 0xff, sizeof bytes);
    asm volatile("" : : "r"(bytes) : "memory");
}

static void clean(void *) { cleaned++; }

template <typename Once> static void *run(void *once_function) {
    const auto once = reinterpret_cast<Once *>(once_function);
    pthread_cleanup_push(clean, nullptr);
    int caught = 0;
    calls = 0;
    try {
        once();
    } catch (int number) {
        caught = number;
        once();
    }
    assert(caught == 7 && calls == 2);
    once();
    assert(calls == 2);
    clobber();
    pthread_exit(nullptr);
    pthread_cleanup_pop(0);
    return nullptr;
}

static void posix() {
    static pthread_once_t control = PTHREAD_ONCE_INIT;
    assert(pthread_once(&control, fail_first) == 0);
}

static void c11() {
    static once_flag flag = ONCE_FLAG_INIT;
    call_once(&flag, fail_first);
}

static void cxx() {
    static std::once_flag flag;
    std::call_once(flag, fail_first);
}

int main() {
    int ended = 0;
    for (auto *once : {posix, c11, cxx}) {
        pthread_t thread;
        assert(pthread_create(&thread, nullptr, run<void()>, reinterpret_cast<void *>(once)) == 0);
        assert(pthread_join(thread, nullptr) == 0 && cleaned == ++ended);
    }
    return 0;
}
