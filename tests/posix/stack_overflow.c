/* A thread that leaves its stack ends the run with a report, where it would otherwise write into other memory.
 * Ended by signal 11 */
#include <pthread.h>

enum { STACK_BYTES = 65536, USED_BYTES = 4 * STACK_BYTES, FRAME_BYTES = 1024 };

static int recurse(int depth) {
    volatile char frame[FRAME_BYTES];
    frame[0] = (char)depth;
    return depth == 0 ? 0 : recurse(depth - 1) + frame[0];
}

static void *run(void *argument) {
    recurse(USED_BYTES / FRAME_BYTES);
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0 ||
        pthread_create(&thread, &attributes, run, NULL) != 0 || pthread_join(thread, NULL) != 0) {
        return 3;
    }
    return 1;
}
