// exit(): the C++ objects of the thread that calls it are destroyed before the functions of atexit() run, and objects
// of static storage after those that were registered later.
#include <cstdlib>
#include <cstring>

static char order[8];

static void note(char what) { order[strlen(order)] = what; }

struct Object {
    char name;
    explicit Object(char n) : name(n) {}
    ~Object() {
        note(name);
        if (name == 's') {
            _Exit(strcmp(order, "tas"));
        }
    }
};

static Object in_static('s');
static thread_local Object in_thread('t');

int main() {
    atexit([] { note('a'); });
    return in_thread.name == 't' ? 0 : 1;
}
