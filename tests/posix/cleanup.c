/* Cleanup handlers: popped with and without execution, in reverse order at pthread_exit(), and ahead of the keys. */
#include <assert.h>
#include <pthread.h>
#include <string.h>

static char order[8];
static pthread_key_t key;

static void note(void *what) { order[strlen(order)] = *(const char *)what; }

static void *run(void *argument) {
    pthread_setspecific(key, "k");
    pthread_cleanup_push(note, "1");
    pthread_cleanup_push(note, "2");
    pthread_cleanup_push(note, "3");
    pthread_cleanup_pop(0);
    pthread_cleanup_push(note, "4");
    pthread_cleanup_pop(1);
    pthread_exit(argument);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    pthread_t thread;
    void *result;
    assert(pthread_key_create(&key, note) == 0);
    assert(pthread_create(&thread, NULL, run, &key) == 0);
    assert(pthread_join(thread, &result) == 0 && result == &key);
    return strcmp(order, "421k");
}
