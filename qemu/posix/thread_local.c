/* Memory for what is compiled with -femulated-tls: the C library's. A program can't be told that there is none. */
#include <stdlib.h>

#include <tsd/thread_local.h>

void *tsd_allocate(size_t size) { return malloc(size); }

void tsd_free(void *memory) { free(memory); }

void *tsd_thread_local_failed(int error, size_t size, size_t alignment) {
    (void)error;
    (void)size;
    (void)alignment;
    abort();
}
