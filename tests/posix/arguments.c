/* Arguments arrive as they were given: with blanks, quotes and what is not ASCII, and empty ones.
 * Argument: "plain,word"
 * Argument: "two  words	and a tab"
 * Argument: ""
 * Argument: "it's "quoted" with \ and 100%"
 * Argument: "%"
 * Argument: "--seconds=é" */
#include <assert.h>
#include <string.h>

int main(int count, char **arguments) {
    assert(count == 7 && !arguments[count]);
    assert(strcmp(arguments[0], "arguments") == 0);
    assert(strcmp(arguments[1], "plain,word") == 0);
    assert(strcmp(arguments[2], "two  words\tand a tab") == 0);
    assert(strcmp(arguments[3], "") == 0);
    assert(strcmp(arguments[4], "it's \"quoted\" with \\ and 100%") == 0);
    assert(strcmp(arguments[5], "%") == 0);
    assert(strcmp(arguments[6], "--seconds=\xc3\xa9") == 0);
    return 0;
}
