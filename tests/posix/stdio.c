/* Formatted output and input, in memory and to the console, from several threads. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *print(void *argument) {
    for (int i = 0; i < 5; i++) {
        printf("thread %d line %d\n", *(int *)argument, i);
    }
    return argument;
}

int main(void) {
    char text[100];
    double number;
    int count;
    assert(snprintf(text, sizeof text, "%5.2f|%-4s|%#x|%lld", 3.14159, "ab", 255, -1LL) == 18);
    assert(strcmp(text, " 3.14|ab  |0xff|-1") == 0);
    assert(sscanf("2.5e3 17", "%lf %d", &number, &count) == 2 && number == 2500.0 && count == 17);
    assert(strtod("0x1p-3", NULL) == 0.125 && getchar() == EOF);
    fprintf(stderr, "to standard error\n");
    pthread_t threads[3];
    int numbers[3];
    for (int i = 0; i < 3; i++) {
        numbers[i] = i;
        assert(pthread_create(&threads[i], NULL, print, &numbers[i]) == 0);
    }
    for (int i = 0; i < 3; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    printf("no line end");
    return 0;
}
