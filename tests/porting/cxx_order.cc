// An object for each thread, for the linker alone: which function is asked to destroy it?
struct object {
    object() = default;
    object(const object &) = delete;
    object &operator=(const object &) = delete;
    ~object();
    int value = 0;
};
object::~object() { value = -1; }

static thread_local object each_threads;

int main() { return each_threads.value; }
