// An exception leaves a once routine, and the next call runs it again.
#include <tsd.h>

static tsd_thread_t thread;
tsd_thread_t *tsd_current(void) { return &thread; }
TSD_SPIN_WHILE_WAITING;

static tsd_once_t control = TSD_ONCE_INIT;
static int calls;

static void routine() {
    if (++calls == 1) {
        throw calls;
    }
}

int main() {
    try {
        tsd_once(&control, routine);
    } catch (int number) {
        return tsd_once(&control, routine) != 0 || calls != 2;
    }
    return 1;
}
