/* malloc, calloc, realloc and free from several threads: nothing overlaps, calloc clears, large blocks move and come
 * back. */
#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 6, BLOCKS = 64, ROUNDS = 2000 };

static void *churn(void *argument) {
    unsigned seed = *(unsigned *)argument;
    unsigned char *blocks[BLOCKS] = {0};
    size_t sizes[BLOCKS] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        int i = rand_r(&seed) % BLOCKS;
        for (size_t at = 0; at < sizes[i]; at += 97) {
            assert(blocks[i][at] == (unsigned char)(i + *(unsigned *)argument));
        }
        size_t size = rand_r(&seed) % (round % 50 ? 2000 : 300000) + 1;
        blocks[i] = realloc(blocks[i], size);
        assert(blocks[i] && (uintptr_t)blocks[i] % 16 == 0);
        memset(blocks[i], i + *(unsigned *)argument, size);
        sizes[i] = size;
    }
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return argument;
}

int main(void) {
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i + 1;
        assert(pthread_create(&threads[i], NULL, churn, &seeds[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    for (int i = 0; i < 20; i++) {
        char *large = malloc(10000000);
        assert(large);
        memset(large, 1, 10000000);
        free(large);
        large = calloc(1, 5000000);
        assert(large && large[0] == 0 && large[4999999] == 0);
        free(large);
    }
    assert(malloc(SIZE_MAX / 2) == NULL);
    return 0;
}
