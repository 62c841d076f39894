/* A program that uses more memory than there is ends as one that Linux kills for that. Ended by signal 9 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    for (int i = 0; i < 1000; i++) {
        char *block = malloc(1 << 20);
        assert(block);
        memset(block, 1, 1 << 20);
    }
    return 0;
}
