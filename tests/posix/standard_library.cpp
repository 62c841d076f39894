// The C++ library's own threads, futures, once, containers and streams.
#include <cassert>

#include <condition_variable>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

static std::once_flag flag;
static std::mutex mutex;
static std::map<std::thread::id, int> seen;

static thread_local std::string name = "nobody";

static void work(int number) {
    std::call_once(flag, [] { std::cout << "once" << std::endl; });
    assert(name == "nobody");
    name = "thread " + std::to_string(number);
    std::lock_guard<std::mutex> lock(mutex);
    seen[std::this_thread::get_id()] = number;
}

int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++) {
        threads.emplace_back(work, i);
    }
    for (auto &thread : threads) {
        thread.join();
    }
    assert(!seen.empty() && name == "nobody");
    auto future = std::async(std::launch::async, [] { return 6 * 7; });
    std::ostringstream text;
    text << future.get() << ' ' << 1.5;
    assert(text.str() == "42 1.5");
    std::cout << text.str() << std::endl;
    return 0;
}
