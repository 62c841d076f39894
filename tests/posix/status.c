/* The program's status is the run's, after its exit handlers. Exits with status 42 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void at_end(void) { puts("at exit"); }

static void *end(void *argument) {
    (void)argument;
    exit(42);
}

int main(int count, char **arguments) {
    pthread_t thread;
    if (count != 1 || !arguments[0] || arguments[1]) {
        return 1;
    }
    atexit(at_end);
    pthread_create(&thread, NULL, end, NULL);
    pthread_join(thread, NULL);
    return 2;
}
